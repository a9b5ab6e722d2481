"""All transitions of both roles, as data: `{state: {input: next state}}`.

Everything that may change a state stands in this file. An input that has no cell is illegal there:
from the peer it is a violation, from us a `LocalProtocolError`. Inputs in the IGNORED tables are legal
by tolerance, change nothing and are counted as stray. The docs' diagram is made from these tables.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeVar

from .client_messages import CLIENT_MESSAGES
from .server_messages import SERVER_MESSAGES

__all__ = [
    "AUDIO",
    "CLIENT_IGNORED",
    "CLIENT_TABLE",
    "EOF",
    "SERVER_IGNORED",
    "SERVER_TABLE",
    "TIMEOUT",
    "UNKNOWN",
    "VIOLATION",
    "ClientState",
    "ServerState",
    "received",
    "sent",
]


class ServerState(StrEnum):
    """Where the server is with one connection."""

    UPGRADED = "upgraded"
    """The WebSocket stands; waiting for `open`."""
    OPENING = "opening"
    """`open` came; the decision is being made."""
    ACTIVE = "active"
    PAUSED = "paused"
    FAILED = "failed"
    """The client broke a rule or a timer ran out: a `disconnect` is due."""
    DISCONNECTING = "disconnecting"
    """`disconnect` was sent; waiting for `close`."""
    CLOSING = "closing"
    """`close` came; last events and `closed` are due."""
    CLOSED = "closed"
    """`closed` was sent; the client closes the socket."""
    GONE = "gone"
    """The socket is closed, or has to be."""


class ClientState(StrEnum):
    """Where the client is with one connection."""

    PREPARING = "preparing"
    OPENING = "opening"
    OPEN = "open"
    FAILED = "failed"
    """The server broke a rule or a timer ran out: `error` and `close` are due."""
    CLOSING = "closing"
    CLOSED = "closed"
    GONE = "gone"


AUDIO: Final = "audio"
UNKNOWN: Final = "unknown"
VIOLATION: Final = "violation"
TIMEOUT: Final = "timeout"
EOF: Final = "eof"


def received(name: str) -> str:
    """Return the input for something that came from the peer."""
    return f"< {name}"


def sent(name: str) -> str:
    """Return the input for something that we send."""
    return f"> {name}"


S = TypeVar("S", bound=StrEnum)
_Server = ServerState
_Client = ClientState

_FROM_CLIENT: Final = frozenset(received(name) for name in (*CLIENT_MESSAGES, AUDIO, UNKNOWN))
_FROM_SERVER: Final = frozenset(received(name) for name in (*SERVER_MESSAGES, AUDIO, UNKNOWN))


def _stay(state: S, received_: str, sent_: str) -> dict[str, S]:
    return {
        **{received(name): state for name in received_.split()},
        **{sent(name): state for name in sent_.split()},
    }


_RUNNING_IN: Final = "ping update discarded error dtmf playback_started playback_completed unknown"
_RUNNING_OUT: Final = "pong updated event pause resume reconnect audio"
_OVER: Final = {EOF: _Server.GONE, TIMEOUT: _Server.GONE}
_FAULTS: Final = {EOF: _Server.GONE, TIMEOUT: _Server.FAILED, received(VIOLATION): _Server.FAILED}
_LEAVING: Final = {sent("disconnect"): _Server.DISCONNECTING, received("close"): _Server.CLOSING}

SERVER_TABLE: Final[dict[ServerState, dict[str, ServerState]]] = {
    _Server.UPGRADED: {
        **_LEAVING,
        **_stay(_Server.UPGRADED, "error unknown", ""),
        received("open"): _Server.OPENING,
        received(VIOLATION): _Server.FAILED,
        **_OVER,
    },
    _Server.OPENING: {
        **_FAULTS,
        **_LEAVING,
        **_stay(_Server.OPENING, "error unknown", ""),
        sent("opened"): _Server.ACTIVE,
    },
    _Server.ACTIVE: {
        **_FAULTS,
        **_LEAVING,
        **_stay(_Server.ACTIVE, _RUNNING_IN + " audio resumed", _RUNNING_OUT),
        received("paused"): _Server.PAUSED,
    },
    _Server.PAUSED: {
        **_FAULTS,
        **_LEAVING,
        **_stay(_Server.PAUSED, _RUNNING_IN + " paused", _RUNNING_OUT),
        received("resumed"): _Server.ACTIVE,
    },
    _Server.FAILED: {**_LEAVING, **_stay(_Server.FAILED, "ping", "pong"), **_OVER},
    _Server.DISCONNECTING: {
        received("close"): _Server.CLOSING,
        **_stay(_Server.DISCONNECTING, "ping", "pong event"),
        **_OVER,
    },
    _Server.CLOSING: {
        **_stay(_Server.CLOSING, "error", "event pong updated"),
        sent("closed"): _Server.CLOSED,
        **_OVER,
        TIMEOUT: _Server.CLOSING,
    },
    _Server.CLOSED: dict(_OVER),
    _Server.GONE: {EOF: _Server.GONE, TIMEOUT: _Server.GONE},
}
"""The server's transitions."""

_UNJUDGED: Final = _FROM_CLIENT | {received(VIOLATION)}

SERVER_IGNORED: Final[dict[ServerState, frozenset[str]]] = {
    _Server.UPGRADED: frozenset(),
    _Server.OPENING: _FROM_CLIENT - {received(n) for n in ("open", "close", "error", "unknown")},
    _Server.ACTIVE: frozenset(),
    _Server.PAUSED: frozenset({received(AUDIO)}),
    _Server.FAILED: _UNJUDGED - {received("close"), received("ping")},
    _Server.DISCONNECTING: _UNJUDGED - {received("close"), received("ping")},
    _Server.CLOSING: _UNJUDGED - {received("error")},
    _Server.CLOSED: _UNJUDGED,
    _Server.GONE: _UNJUDGED,
}
"""What the server tolerates: stray audio above all, and anything at all once the end has begun."""

_CLIENT_OVER: Final = {EOF: _Client.GONE, TIMEOUT: _Client.GONE}
_CLIENT_FAULTS: Final = {EOF: _Client.GONE, TIMEOUT: _Client.FAILED, received(VIOLATION): _Client.FAILED}

CLIENT_TABLE: Final[dict[ClientState, dict[str, ClientState]]] = {
    _Client.PREPARING: {
        sent("open"): _Client.OPENING,
        received(VIOLATION): _Client.FAILED,
        **_CLIENT_OVER,
    },
    _Client.OPENING: {
        **_CLIENT_FAULTS,
        **_stay(_Client.OPENING, "disconnect", "error"),
        received("opened"): _Client.OPEN,
        sent("close"): _Client.CLOSING,
    },
    _Client.OPEN: {
        **_CLIENT_FAULTS,
        **_stay(
            _Client.OPEN,
            "event pause resume pong reconnect updated disconnect audio",
            "ping update discarded error dtmf playback_started playback_completed paused resumed audio",
        ),
        sent("close"): _Client.CLOSING,
    },
    _Client.FAILED: {**_stay(_Client.FAILED, "", "error"), sent("close"): _Client.CLOSING, **_CLIENT_OVER},
    _Client.CLOSING: {
        **_stay(_Client.CLOSING, "event", "error"),
        received("closed"): _Client.CLOSED,
        received(VIOLATION): _Client.CLOSING,
        **_CLIENT_OVER,
    },
    _Client.CLOSED: dict(_CLIENT_OVER),
    _Client.GONE: dict(_CLIENT_OVER),
}
"""The client's transitions."""

_CLIENT_UNJUDGED: Final = _FROM_SERVER | {received(VIOLATION)}

CLIENT_IGNORED: Final[dict[ClientState, frozenset[str]]] = {
    _Client.PREPARING: frozenset(),
    _Client.OPENING: frozenset(),
    _Client.OPEN: frozenset(),
    _Client.FAILED: _CLIENT_UNJUDGED,
    _Client.CLOSING: frozenset(
        received(n)
        for n in ("opened", "pong", "pause", "resume", "reconnect", "updated", "disconnect", "audio")
    ),
    _Client.CLOSED: _CLIENT_UNJUDGED,
    _Client.GONE: _CLIENT_UNJUDGED,
}
"""What the client tolerates."""
