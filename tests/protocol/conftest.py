"""A client and a server to talk to: they write wire texts with right numbers, or with wrong ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from audiohook_fw.protocol import (
    ClientProtocol,
    ClientState,
    Opened,
    ServerProtocol,
    ServerState,
)
from audiohook_fw.protocol.client_messages import ClientMessage, Open

SESSION = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
ORGANIZATION = "d7934305-0972-4844-938e-9060eef73d05"
OTHER = "e160e428-53e2-487c-977d-96989bf5c99d"

EMPTY: Any = {}


def _offer(*channels: str, format: str = "PCMU", rate: int = 8000) -> dict[str, Any]:  # noqa: A002
    return {"type": "audio", "format": format, "channels": list(channels), "rate": rate}


STEREO = _offer("external", "internal")


class Caller:
    """Genesys towards a `ServerProtocol`: what it writes is right unless told otherwise."""

    def __init__(self, server: ServerProtocol) -> None:
        self.server = server
        self.seq = 0
        self.now = 100.0

    @staticmethod
    def open_parameters(**changes: Any) -> dict[str, Any]:
        parameters = {
            "organizationId": ORGANIZATION,
            "conversationId": OTHER,
            "participant": {"id": OTHER, "ani": "tel:+4930111", "aniName": "Ada", "dnis": "tel:+4930222"},
            "media": [STEREO, _offer("external"), _offer("internal")],
            **changes,
        }
        return {name: value for name, value in parameters.items() if value is not ...}

    def text(self, type_: str, parameters: Any = EMPTY, **envelope: Any) -> str:
        """Return the next message; an envelope field set to `...` is left out."""
        self.seq += 1
        message = {
            "version": "2",
            "id": SESSION,
            "type": type_,
            "seq": self.seq,
            "serverseq": self.server.sent_seq,
            "position": "PT0S",
            "parameters": parameters,
            **envelope,
        }
        return json.dumps({name: value for name, value in message.items() if value is not ...})

    def say(self, type_: str, parameters: Any = EMPTY, **envelope: Any) -> Any:
        return self.server.receive_text(self.text(type_, parameters, **envelope), self.now)

    def open(self, **changes: Any) -> Any:
        return self.say("open", self.open_parameters(**changes))

    def sends(self, message: Any, **kwargs: Any) -> dict[str, Any]:
        """Return, as JSON object, what the server sends."""
        return json.loads(self.server.send(message, **kwargs))


@pytest.fixture(scope="session")
def call() -> Callable[..., Caller]:
    """Make a caller whose session is in one of the states up to `active`."""

    def make(state: str = "active", *, opened: Any = None, open: Any = None, **options: Any) -> Caller:  # noqa: A002
        caller = Caller(ServerProtocol(SESSION, options.pop("organization_id", ORGANIZATION), **options))
        if state != ServerState.UPGRADED:
            caller.open(**(open or {}))
        if state == ServerState.ACTIVE:
            caller.server.send(Opened(**{"media": [STEREO], **(opened or {})}))
        assert caller.server.state == state
        return caller

    return make


class Callee:
    """A server towards a `ClientProtocol`, with right numbers unless told otherwise."""

    def __init__(self, client: ClientProtocol) -> None:
        self.client = client
        self.seq = 0
        self.now = 100.0

    def text(self, type_: str, parameters: Any = EMPTY, **envelope: Any) -> str:
        self.seq += 1
        message = {
            "version": "2",
            "id": SESSION,
            "type": type_,
            "seq": self.seq,
            "clientseq": self.client.sent_seq,
            "parameters": parameters,
            **envelope,
        }
        return json.dumps({name: value for name, value in message.items() if value is not ...})

    def say(self, type_: str, parameters: Any = EMPTY, **envelope: Any) -> Any:
        self.now += 1.0
        return self.client.receive_text(self.text(type_, parameters, **envelope), self.now)


@pytest.fixture(scope="session")
def serve() -> Callable[..., Callee]:
    """Make a server whose client is in one of the states up to `open`."""

    def make(state: str = "open", *, opened: Any = None, **options: Any) -> Callee:
        callee = Callee(ClientProtocol(SESSION, **options))
        if state != ClientState.PREPARING:
            callee.client.send(_open_message(), timedelta(0))
        if state == ClientState.OPEN:
            callee.say("opened", {"media": [STEREO], **(opened or {})})
        assert callee.client.state == state
        return callee

    return make


def _open_message() -> ClientMessage:
    return Open.model_validate(Caller.open_parameters())
