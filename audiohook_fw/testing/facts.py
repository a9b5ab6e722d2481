"""What a test's call is: facts by keyword, each with a default that suits."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, TypedDict, cast, get_type_hints

from pydantic import TypeAdapter, ValidationError

from audiohook_fw.protocol import (
    ClientProtocol,
    ContinuedSession,
    MediaFormat,
    Participant,
    ServerProtocol,
    Violated,
)
from audiohook_fw.session import CallFacts
from audiohook_fw.stage import open_message

from .audio import STEREO

__all__ = ["Facts", "call_facts", "read_facts"]

_SESSION: Final = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
_ORGANIZATION: Final = "d7934305-0972-4844-938e-9060eef73d05"
_CONVERSATION: Final = "e160e428-53e2-487c-977d-96989bf5c99d"
_CORRELATION: Final = "0a4b2b0c-7d5b-4a55-9a6a-0c7d1c7f6a51"
_CUSTOMER: Final = "883efee8-3d6c-4537-b500-6d7ca4b92fa0"
_PEOPLE: Final = ("ani", "ani_name", "dnis")


class Facts(TypedDict, total=False):
    """What may be said of a call, each by its keyword; the names are those of `Session`.

    Attributes:
        session_id: the call's id; fixed by default, as all ids are.
        correlation_id: for correlation with Genesys' logs.
        organization_id: the Genesys Cloud organization.
        conversation_id: the conversation.
        participant: the customer; or just some of the next three.
        ani: the customer's number.
        ani_name: the customer's name.
        dnis: the number that was called.
        key_name: the name of the API key.
        product: what the key is for; `monitor` by default.
        offers: the media offered; stereo PCMU by default, empty for a call without audio.
        started_at: wall time of `open`; the first moment of 2026 by default.
        language: of the call.
        wants_languages: the client asks for the server's languages.
        interims: interim transcripts are sent, too.
        byte_order: of L16 audio.
        path_suffix: what follows the server's path in the URL.
        retry_attempt: the client's count of retries.
        continued_sessions: the sessions that this one continues.
        custom_config: the integration's own JSON.
        input_variables: of the Architect action.
    """

    session_id: str
    correlation_id: str
    organization_id: str
    conversation_id: str
    participant: Participant
    ani: str
    ani_name: str
    dnis: str
    key_name: str
    product: Literal["monitor", "transcription", "connector"]
    offers: Sequence[MediaFormat]
    started_at: datetime
    language: str | None
    wants_languages: bool
    interims: bool
    byte_order: Literal["little", "big"]
    path_suffix: str
    retry_attempt: int | None
    continued_sessions: Sequence[ContinuedSession]
    custom_config: Mapping[str, object]
    input_variables: Mapping[str, str]


def call_facts(given: Facts) -> CallFacts:
    """Return the facts of a call; what is not given has a default.

    Raises:
        TypeError: there is no such fact; the message names those there are.
    """
    values: dict[str, Any] = dict(given)
    _refuse_unknown(values)
    people: dict[str, Any] = {name: values.pop(name) for name in _PEOPLE if name in values}
    participant = values.pop("participant", None) or Participant(id=_CUSTOMER)
    defaults = {
        "session_id": _SESSION,
        "correlation_id": _CORRELATION,
        "organization_id": _ORGANIZATION,
        "conversation_id": _CONVERSATION,
        "key_name": "test",
        "product": "monitor",
        "started_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return CallFacts(
        **{
            **defaults,
            **values,
            "participant": participant.model_copy(update=people),
            "offers": tuple(values.get("offers", (STEREO,))),
            "continued_sessions": tuple(values.get("continued_sessions", ())),
        }
    )


def read_facts(texts: Mapping[str, str]) -> Facts:
    """Return facts as they are written on a command line: as TOML, or as a text without quotes.

    Raises:
        ValueError: there is no such fact, or no such call; the message says what may be written.
    """
    try:
        _refuse_unknown(texts)
    except TypeError as error:
        raise ValueError(str(error)) from None
    hints = get_type_hints(Facts)
    facts = cast("Facts", {name: _read(name, text, hints[name]) for name, text in texts.items()})
    told = call_facts(facts)
    client = ClientProtocol(told.session_id, connector=told.product == "connector")
    server = ServerProtocol(told.session_id, told.organization_id)
    try:
        message = open_message(told)
    except ValidationError as error:
        raise ValueError(f"such a call cannot be: {_said(error)}") from None
    event = server.receive_text(client.send(message, timedelta(0)), 0.0)
    if isinstance(event, Violated):
        raise ValueError(f"such a call cannot be: {event.error}")
    return facts


def _refuse_unknown(facts: Mapping[str, object]) -> None:
    unknown = sorted(facts.keys() - Facts.__annotations__.keys())
    if unknown:
        raise TypeError(f"a call has no {', '.join(unknown)}; it has: {', '.join(Facts.__annotations__)}")


def _read(name: str, text: str, kind: Any) -> object:
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    adapter: TypeAdapter[object] = TypeAdapter(kind)
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        if kind is str:  # +49800 is a number to TOML
            return text
        raise ValueError(_said(error, name)) from None


def _said(error: ValidationError, name: str = "") -> str:
    problem = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in ((name,) if name else ()) + problem["loc"])
    return f"{place}: {problem['msg'][:1].lower()}{problem['msg'][1:]}"
