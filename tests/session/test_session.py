"""The session as plugins see it: every property."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from audiohook_fw.plugin import (
    Accept,
    Event,
    PluginInfo,
    Reject,
    StashKey,
    Transcript,
    hookimpl,
)
from audiohook_fw.protocol import ClientPause, ContinuedSession, MediaFormat, Participant
from audiohook_fw.session import Session

MONO = MediaFormat("PCMU", ("external",))
TEXT = Transcript(channel="external", text="hello", start=0, length=8)


class Keep:
    """A plugin that keeps its session and notes the events it sees."""

    def __init__(self, info: PluginInfo | None = None) -> None:
        self.session: Session
        self.events: list[Any] = []
        if info is not None:
            self.info = info

    @hookimpl
    def on_open(self, session: Session) -> None:
        self.session = session

    @hookimpl
    def on_event(self, event: Event) -> None:
        self.events.append(event)


@pytest.fixture
def a() -> Keep:
    return Keep()


@pytest.fixture
def b() -> Keep:
    return Keep()


async def test_facts_are_shown_as_received(bench: Any, a: Keep) -> None:
    facts = {
        "participant": Participant(
            id="30b0e395-84d3-4570-ac13-9a62d8f514c0", ani="+1", ani_name="A", dnis="+2"
        ),
        "language": "es-419",
        "path_suffix": "bot-7",
        "retry_attempt": 3,
        "continued_sessions": (
            ContinuedSession(id="30b0e395-84d3-4570-ac13-9a62d8f514c0", serverseq=1, clientseq=2),
        ),
        "custom_config": {"a": {"b": 1}},
        "input_variables": {"x": "y"},
    }
    await bench.accepted(product="connector", facts=facts, offers=(MONO,), a=a)
    session, expected = a.session, bench.facts
    assert session.id == expected.session_id
    assert session.conversation_id == expected.conversation_id
    assert session.organization_id == expected.organization_id
    assert session.correlation_id == "correlation"
    assert (session.participant.ani, session.participant.ani_name, session.participant.dnis) == (
        "+1",
        "A",
        "+2",
    )
    assert (session.key_name, session.product) == ("main", "connector")
    assert (session.language, session.path_suffix, session.retry_attempt) == ("es-419", "bot-7", 3)
    assert session.continued_sessions == facts["continued_sessions"]
    assert session.custom_config == {"a": {"b": 1}}
    assert session.input_variables == {"x": "y"}
    assert session.started_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert session.offers == (MONO,)


async def test_what_one_plugin_does_to_a_mapping_no_other_sees(bench: Any, a: Keep, b: Keep) -> None:
    facts = {"custom_config": {"a": 1}, "input_variables": {"x": "y"}}
    await bench.accepted(facts=facts, a=a, b=b)
    for mapping in (a.session.custom_config, a.session.input_variables):
        mapping.clear()  # type: ignore[attr-defined]
    assert (b.session.custom_config, b.session.input_variables) == ({"a": 1}, {"x": "y"})
    for shown in (a.session.tags, a.session.context):
        with pytest.raises(TypeError):
            shown["x"] = "y"  # type: ignore[index]


async def test_state_media_and_position_follow_the_call(bench: Any, a: Keep) -> None:
    call = await bench.open(a=a)
    session = call.view("a")
    assert (session.state, session.media, session.position) == ("opening", None, 0)
    await bench.accept()
    assert (session.state, session.media) == ("open", session.offers[0])
    bench.hear(b"\xff" * 320)
    assert session.position == 160
    closing = asyncio.ensure_future(call.close("end"))
    await closing
    assert session.state == "closing"
    await call.end("end")
    assert session.state == "ended"


async def test_language_follows_updates_and_an_update_without_one_changes_nothing(
    bench: Any, a: Keep
) -> None:
    await bench.accepted(facts={"language": "de-DE"}, a=a)
    bench.tell("update", {"language": "en-US"})
    assert a.session.language == "en-US"
    bench.tell("update", {})
    assert a.session.language == "en-US"


async def test_both_pause_flags_are_shown(bench: Any, a: Keep) -> None:
    await bench.accepted(a=a)
    assert (a.session.server_paused, a.session.client_paused) == (False, ClientPause.NO)
    bench.tell("paused")
    assert (a.session.server_paused, a.session.client_paused) == (False, ClientPause.YES)


async def test_tags_of_all_that_accept_are_shown(bench: Any) -> None:
    class Tagging(Keep):
        def __init__(self, **tags: str) -> None:
            super().__init__()
            self.tags = tags

        @hookimpl
        def on_open(self, session: Session) -> Accept:
            self.session = session
            return Accept(tags=self.tags)

    first, second = Tagging(queue="a", one="1"), Tagging(queue="b", two="2")
    await bench.accepted(first=first, second=second)
    assert first.session.tags == {"queue": "a", "one": "1", "two": "2"}


async def test_stash_is_shared_by_all_plugins_of_one_call(bench: Any, a: Keep, b: Keep) -> None:
    key = StashKey[int]()
    await bench.accepted(a=a, b=b)
    a.session.stash[key] = 7
    assert b.session.stash[key] == 7
    first = a.session
    await bench.accepted(a=a, b=b)
    assert a.session is not first
    assert key not in a.session.stash


async def test_each_plugin_has_one_view_and_its_repr_tells_nothing_personal(
    bench: Any, a: Keep, b: Keep
) -> None:
    call = await bench.accepted(facts={"custom_config": {"secret": "hush"}}, a=a, b=b)
    assert call.view("a") is a.session is not b.session
    for text in (repr(a.session), repr(call), repr(bench.facts)):
        assert not any(secret in text for secret in ("Ada", "4930111", "4930222", "hush")), text
    assert repr(a.session) == f"<Session {a.session.id} open for a>"


async def test_delivery_shows_how_the_plugin_itself_fares(bench: Any, b: Keep) -> None:
    class Failing(Keep):
        @hookimpl
        def on_audio(self) -> None:
            raise KeyError

    a = Failing()
    await bench.accepted(a=a, b=b)
    bench.hear()
    assert a.session.delivery.faults == 1
    assert b.session.delivery.faults == 0


async def test_all_plugins_show_how_they_fare(bench: Any, b: Keep) -> None:
    class Failing(Keep):
        @hookimpl
        def on_audio(self) -> None:
            raise KeyError

    a = Failing()
    await bench.accepted(a=a, b=b)
    bench.hear()
    fared = {one.plugin: one.faults for one in b.session.plugin_statistics}
    assert (fared["a"], fared["b"]) == (1, 0)


async def test_who_rejected_is_told(bench: Any, a: Keep, b: Keep) -> None:
    class Rejecting(Keep):
        @hookimpl
        def on_open(self, session: Session) -> Reject:
            return Reject()

    told: list[str] = []

    class Listening(Keep):
        @hookimpl
        def on_decided(self, session: Session) -> None:
            told.append(session.decided_by)

    await bench.open(a=Listening(), policy=Rejecting())
    decision = (await bench.call.decide()).decision
    await bench.call.reject(decision)
    assert told == ["policy"]


async def test_settings_of_itself_and_of_others(bench: Any, b: Keep) -> None:
    class Configured(Keep):
        class Settings(BaseModel):
            level: int = 3

        def __init__(self, settings: Settings) -> None:
            super().__init__()

    class Probe(Keep):
        @hookimpl
        def on_opened(self, session: Session) -> None:
            bench.seen.append(session.settings_for("configured"))
            bench.seen.append(session.settings_for())

    await bench.accepted(configured=Configured, probe=Probe(), b=b)
    assert [type(found).__name__ for found in bench.seen] == ["Settings", "NoneType"]
    assert bench.seen[0].level == 3
    with pytest.raises(KeyError):
        b.session.settings_for("nobody")


@pytest.mark.parametrize("order", ["little", "big"])
async def test_the_byte_order_of_the_key_is_shown(bench: Any, a: Keep, order: str) -> None:
    await bench.accepted(facts={"byte_order": order}, a=a)
    assert a.session.byte_order == order


@pytest.mark.parametrize(
    "use",
    [
        lambda session, hold: session.emit(TEXT),
        lambda session, hold: session.pause(),
        lambda session, hold: session.disconnect(),
        lambda session, hold: session.play(b"\xff\xff"),
        lambda session, hold: session.flush_playback(),
        lambda session, hold: session.update_context(queue="sales"),
        lambda session, hold: session.set_audio_interest(False),
        lambda session, hold: hold.release(),
    ],
)
async def test_other_threads_are_refused_with_advice(bench: Any, a: Keep, b: Keep, use: Any) -> None:
    await bench.accepted(product="connector", a=a, b=b)
    hold = a.session.pause()
    with pytest.raises(RuntimeError, match=r"event loop; .* use loop\.call_soon_threadsafe"):
        await a.session.run_blocking(use, a.session, hold)
    assert bench.control.pauses == [True]
    assert (bench.control.disconnects, bench.control.played, bench.control.flushed) == ([], [], 0)
    assert (b.events, dict(b.session.context)) == ([], {})
    use(a.session, hold)  # in its own thread it is fine
    hold.release()
