from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from audiohook_fw.protocol import (
    CLIENT_MESSAGES,
    NULL_UUID,
    ClientMessage,
    Close,
    ContinuedSession,
    Discarded,
    Dtmf,
    Error,
    MediaFormat,
    Open,
    Participant,
    Paused,
    Ping,
    PlaybackCompleted,
    PlaybackStarted,
    Resumed,
    Update,
)

ID = "0190163d-8694-739b-aea5-966c26f8ad91"
OFFER = {"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}
OPEN: dict[str, Any] = {
    "organizationId": ID,
    "conversationId": ID.upper(),
    "participant": {"id": ID, "ani": "tel:+4930111", "aniName": "Ada", "dnis": "sip:+4930222"},
    "media": [OFFER],
}
FULL: dict[str, Any] = {
    **OPEN,
    "language": "es-419",
    "supportedLanguages": True,
    "continuedSessions": [{"id": ID, "serverseq": 7, "clientseq": 9}],
    "customConfig": {"any": [{"thing": None}]},
    "inputVariables": {"name": "Ada"},
}
SECONDS = timedelta(seconds=1)

MESSAGES: list[tuple[ClientMessage, str, dict[str, Any]]] = [
    (
        Open(
            organization_id=ID,
            conversation_id=ID.upper(),
            participant=Participant(id=ID, ani="tel:+4930111", ani_name="Ada", dnis="sip:+4930222"),
            media=[OFFER],
        ),
        "open",
        OPEN,
    ),
    (Open.model_validate(FULL), "open", FULL),
    (Close(reason="end"), "close", {"reason": "end"}),
    (Discarded(start=SECONDS, discarded=SECONDS), "discarded", {"start": "PT1S", "discarded": "PT1S"}),
    (
        Error(code=429, message="slow", retry_after=SECONDS),
        "error",
        {"code": 429, "message": "slow", "retryAfter": "PT1S"},
    ),
    (Paused(), "paused", {}),
    (Resumed(start=SECONDS, discarded=SECONDS), "resumed", {"start": "PT1S", "discarded": "PT1S"}),
    (Ping(), "ping", {}),
    (Ping(rtt=SECONDS), "ping", {"rtt": "PT1S"}),
    (Update(language="zh-Hans-CN"), "update", {"language": "zh-Hans-CN"}),
    (Update(), "update", {}),
    (Dtmf(digit="#"), "dtmf", {"digit": "#"}),
    (PlaybackStarted(), "playback_started", {}),
    (PlaybackCompleted(), "playback_completed", {}),
]


@pytest.mark.parametrize(("message", "type_", "wire"), MESSAGES)
def test_exactly_the_documented_fields_there_and_back(
    message: ClientMessage, type_: str, wire: dict[str, Any]
):
    assert message.type == type_
    assert message.to_wire() == wire
    assert CLIENT_MESSAGES[type_].model_validate({**wire, "news": {"a": 1}}) == message


def test_every_type_is_in_the_table_and_in_the_test():
    assert {type(message) for message, _, _ in MESSAGES} == set(CLIENT_MESSAGES.values())
    assert set(CLIENT_MESSAGES.values()) == set(ClientMessage.__subclasses__())
    assert all(class_.type == name for name, class_ in CLIENT_MESSAGES.items())


def test_open_names_what_is_offered():
    mono = {**OFFER, "channels": ["internal"]}
    message = Open.model_validate({**OPEN, "media": [{**OFFER, "format": "opus"}, OFFER, "?", mono]})
    assert message.offers == (
        MediaFormat("PCMU", ("external", "internal")),
        MediaFormat("PCMU", ("internal",)),
    )
    assert message.unknown_offers == 2


def test_the_probe_has_the_null_conversation():
    assert Open.model_validate({**OPEN, "conversationId": NULL_UUID}).is_probe
    assert not Open.model_validate(OPEN).is_probe


def test_continued_sessions_are_parsed():
    sessions = Open.model_validate(FULL).continued_sessions
    assert sessions == (ContinuedSession(id=ID, serverseq=7, clientseq=9),)
    as_floats = {**FULL, "continuedSessions": [{"id": ID, "serverseq": 7.0, "clientseq": 9.0, "x": 1}]}
    assert Open.model_validate(as_floats).continued_sessions == sessions


@pytest.mark.parametrize(
    ("field", "odd"),
    [
        ("language", None),
        ("language", 5),
        ("language", ["en-US"]),
        ("supportedLanguages", None),
        ("supportedLanguages", {}),
        ("continuedSessions", None),
        ("continuedSessions", [{"id": "x"}]),
        ("continuedSessions", [{"id": ID, "serverseq": -1, "clientseq": 0}]),
        ("continuedSessions", {}),
        ("customConfig", None),
        ("customConfig", "text"),
        ("inputVariables", {"a": 1}),
        ("inputVariables", []),
    ],
)
def test_an_optional_field_of_odd_form_counts_as_absent(field: str, odd: object):
    assert Open.model_validate({**FULL, field: odd}) == Open.model_validate({**FULL, field: None})


@pytest.mark.parametrize("field", ["ani", "aniName", "dnis"])
@pytest.mark.parametrize("odd", [..., None, 5, {}, []])
def test_missing_or_odd_numbers_and_names_are_empty(field: str, odd: object):
    participant = {
        name: value for name, value in {**OPEN["participant"], field: odd}.items() if value is not ...
    }
    read = Open.model_validate({**OPEN, "participant": participant}).participant
    assert read.to_wire() == {**OPEN["participant"], field: ""}


@pytest.mark.parametrize(
    ("class_", "wire"),
    [
        (Open, {}),
        (Open, {**OPEN, "organizationId": "acme"}),
        (Open, {**OPEN, "conversationId": None}),
        (Open, {**OPEN, "participant": None}),
        (Open, {**OPEN, "participant": {"ani": "x"}}),
        (Open, {**OPEN, "media": None}),
        (Open, {**OPEN, "media": {}}),
        (Discarded, {}),
        (Discarded, {"start": "PT1S"}),
        (Discarded, {"start": "PT1S", "discarded": "PT-1S"}),
        (Discarded, {"start": 1, "discarded": "PT1S"}),
        (Resumed, {"start": "PT1S", "discarded": None}),
        (Dtmf, {}),
        (Dtmf, {"digit": 5}),
    ],
)
def test_what_is_needed_must_be_there(class_: type[ClientMessage], wire: dict[str, Any]):
    with pytest.raises(ValidationError):
        class_.model_validate(wire)


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        ({"code": 400, "message": "bad"}, 400),
        ({"code": 400.0}, 400),
        ({"code": 9999}, 9999),
        ({}, 0),
        ({"code": None}, 0),
        ({"code": "400"}, 0),
        ({"code": -1}, 0),
        ({"code": 10**4000}, 0),
        ({"code": [], "message": None, "retryAfter": "soon"}, 0),
        ({"code": 400, "retryAfter": 7}, 400),
    ],
)
def test_a_complaint_is_read_whatever_its_form(wire: dict[str, Any], code: int):
    error = Error.model_validate(wire)
    assert error.code == code
    assert type(error.code) is int
    assert error.retry_after is None


@pytest.mark.parametrize("reason", [None, 5, {}, ["end"]])
def test_close_is_read_whatever_its_reason(reason: object):
    assert Close.model_validate({"reason": reason}).reason is None
    assert Close.model_validate({"reason": "gone fishing"}).reason == "gone fishing"


def test_numbers_names_keys_and_variables_are_in_no_repr():
    shown = (
        repr(Open.model_validate(FULL)) + repr(Dtmf(digit="7")) + str(Open.model_validate(FULL).participant)
    )
    for hidden in ("4930111", "4930222", "Ada", "thing", "7'"):
        assert hidden not in shown
