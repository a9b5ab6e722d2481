from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from audiohook_fw.protocol import (
    SERVER_MESSAGES,
    Closed,
    Disconnect,
    DisconnectReason,
    EventMessage,
    Opened,
    Pause,
    Pong,
    Reconnect,
    Resume,
    ServerMessage,
    Updated,
    WireEntity,
)

OFFER = {"type": "audio", "format": "PCMU", "channels": ["internal", "external"], "rate": 8000}

MESSAGES: list[tuple[ServerMessage, str, dict[str, Any]]] = [
    (Opened(media=[]), "opened", {"media": []}),
    (
        Opened(
            media=[OFFER],
            discard_to=timedelta(seconds=1.5),
            start_paused=True,
            supported_languages=["en-US", "es-419"],
        ),
        "opened",
        {
            "media": [OFFER],
            "discardTo": "PT1.5S",
            "startPaused": True,
            "supportedLanguages": ["en-US", "es-419"],
        },
    ),
    (
        Opened(media=[], start_paused=False, supported_languages=[]),
        "opened",
        {"media": [], "startPaused": False, "supportedLanguages": []},
    ),
    (Closed(), "closed", {}),
    (Disconnect(reason=DisconnectReason.COMPLETED), "disconnect", {"reason": "completed"}),
    (
        Disconnect(reason=DisconnectReason.ERROR, info="4711", output_variables={"Intent": "pay"}),
        "disconnect",
        {"reason": "error", "info": "4711", "outputVariables": {"Intent": "pay"}},
    ),
    (
        EventMessage(entities=[WireEntity(type="a", data={"x": None}), WireEntity(type="b", data=0)]),
        "event",
        {"entities": [{"type": "a", "data": {"x": None}}, {"type": "b", "data": 0}]},
    ),
    (Pause(), "pause", {}),
    (Resume(), "resume", {}),
    (Pong(), "pong", {}),
    (Reconnect(), "reconnect", {}),
    (Reconnect(info="drain"), "reconnect", {"info": "drain"}),
    (Updated(), "updated", {}),
]


@pytest.mark.parametrize(("message", "type_", "wire"), MESSAGES)
def test_exactly_the_documented_fields_there_and_back(
    message: ServerMessage, type_: str, wire: dict[str, Any]
):
    assert message.type == type_
    assert message.to_wire() == wire
    assert SERVER_MESSAGES[type_].model_validate(wire) == message


def test_every_type_is_in_the_table_and_in_the_test():
    assert {type(message) for message, _, _ in MESSAGES} == set(SERVER_MESSAGES.values())
    assert set(SERVER_MESSAGES.values()) == set(ServerMessage.__subclasses__())
    assert all(class_.type == name for name, class_ in SERVER_MESSAGES.items())


@pytest.mark.parametrize(
    ("class_", "wire"),
    [
        (Opened, {}),
        (Opened, {"media": None}),
        (Opened, {"media": [OFFER, OFFER]}),
        (Opened, {"media": ["PCMU"]}),
        (Opened, {"media": [], "discardTo": "soon"}),
        (Disconnect, {}),
        (Disconnect, {"reason": "tired"}),
        (Disconnect, {"reason": "completed", "outputVariables": {"a": 1}}),
        (EventMessage, {"entities": []}),
        (EventMessage, {"entities": [{"type": "a"}]}),
        (EventMessage, {"entities": [{"data": 1}]}),
        (EventMessage, {}),
    ],
)
def test_what_a_client_would_refuse_cannot_be_made(class_: type[ServerMessage], wire: dict[str, Any]):
    with pytest.raises(ValidationError):
        class_.model_validate(wire)


def test_variables_and_results_are_in_no_repr_and_no_error():
    secret = "4111111111111111"
    shown = repr(Disconnect(reason=DisconnectReason.COMPLETED, output_variables={"card": secret}))
    shown += repr(EventMessage(entities=[WireEntity(type="x", data={"card": secret})]))
    with pytest.raises(ValidationError) as caught:
        Disconnect.model_validate({"reason": secret, "outputVariables": {"card": [secret]}})
    assert secret not in shown + str(caught.value)
