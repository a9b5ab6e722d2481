"""What may be said of a call: all of it reaches the plugin's session, through the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from audiohook_fw import MediaFormat, Session, hookimpl
from audiohook_fw.protocol import ContinuedSession, Participant
from audiohook_fw.testing import CallDriver, Facts, read_facts

ID = "9d2fa1c0-6f7a-4d3f-8d0a-0e5c8b6f1a11"
FACTS: Facts = {
    "session_id": ID,
    "correlation_id": "c",
    "organization_id": ID,
    "conversation_id": ID,
    "participant": Participant(id=ID, ani="tel:+1", ani_name="Ada", dnis="tel:+2"),
    "key_name": "main",
    "product": "connector",
    "offers": (MediaFormat("L16", ("internal",)),),
    "started_at": datetime(2027, 1, 1, tzinfo=UTC),
    "language": "de-DE",
    "byte_order": "big",
    "path_suffix": "bot-7",
    "retry_attempt": 2,
    "continued_sessions": (ContinuedSession(id=ID, serverseq=1, clientseq=2),),
    "custom_config": {"a": [1]},
    "input_variables": {"b": "c"},
}


class Plugin:
    @hookimpl
    def on_opened(self, session: Session) -> None:
        session.update_context(seen=session)


@pytest.mark.parametrize("fact", [name for name in FACTS if name not in ("session_id",)])
def test_facts_reach_the_session(fact: str) -> None:
    with CallDriver(Plugin, **FACTS) as call:
        call.open()
        session: Any = call.context["seen"]
        assert session.id == ID
        assert getattr(session, fact) == FACTS[fact]  # type: ignore[literal-required]


def test_the_participant_in_parts() -> None:
    with CallDriver(
        Plugin, participant=FACTS["participant"], dnis="tel:+3", interims=True, wants_languages=True
    ) as call:
        call.open()
        assert (call.session.participant.ani, call.session.participant.dnis) == ("tel:+1", "tel:+3")


def test_what_cannot_be_is_refused() -> None:
    with (
        CallDriver(Plugin, organization_id="nobody") as call,
        pytest.raises(ValueError, match="organization"),
    ):
        call.open()


TEXTS = {
    "session_id": ID,
    "participant": f"{{id = '{ID}', ani = 'tel:+1', ani_name = 'Ada', dnis = 'tel:+2'}}",
    "key_name": "'main'",
    "product": "connector",
    "offers": "[{format = 'L16', channels = ['internal']}]",
    "started_at": "2027-01-01T00:00:00Z",
    "language": "de-DE",
    "retry_attempt": "2",
    "continued_sessions": f"[{{id = '{ID}', serverseq = 1, clientseq = 2}}]",
    "custom_config": "{a = [1]}",
    "input_variables": "{b = 'c'}",
}


@pytest.mark.parametrize("fact", TEXTS)
def test_facts_are_read_from_texts(fact: str) -> None:
    (read,) = read_facts({fact: TEXTS[fact]}).values()
    wanted = FACTS[fact]  # type: ignore[literal-required]
    assert (tuple(read) if isinstance(wanted, tuple) else read) == wanted


def test_texts_that_look_like_numbers_stay_texts() -> None:
    assert read_facts({"dnis": "+49800", "ani": "tel:+1", "interims": "true"}) == {
        "dnis": "+49800",
        "ani": "tel:+1",
        "interims": True,
    }


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"colour": "red"}, "a call has no colour; it has: session_id, "),
        ({"retry_attempt": "often"}, "^retry_attempt: input should be a valid integer"),
        ({"product": "bot"}, "^product: input should be 'monitor', 'transcription' or 'connector'"),
        ({"organization_id": "mine"}, "such a call cannot be"),
    ],
)
def test_texts_that_are_no_facts_are_refused(texts: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_facts(texts)
