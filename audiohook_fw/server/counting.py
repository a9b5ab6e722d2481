"""The numbers a connection counts: metric handles behind short names. Nothing here is per frame."""

from __future__ import annotations

from audiohook_fw.errors import RemoteProtocolError
from audiohook_fw.protocol import (
    SERVER_MESSAGES,
    CloseReceived,
    DiscardedReceived,
    Disconnect,
    DtmfReceived,
    ErrorReceived,
    OpenReceived,
    PausedReceived,
    PingReceived,
    PlaybackReceived,
    Reconnect,
    ResumedReceived,
    ServerEvent,
    ServerMessage,
    ServerState,
    UnknownReceived,
    UpdateReceived,
    WithheldReceived,
)
from audiohook_fw.telemetry import Metrics

from .outbox import Outbox

__all__ = ["Counting"]

_TYPES: dict[type, str] = {
    OpenReceived: "open",
    CloseReceived: "close",
    DiscardedReceived: "discarded",
    ErrorReceived: "error",
    PausedReceived: "paused",
    ResumedReceived: "resumed",
    PingReceived: "ping",
    UpdateReceived: "update",
    DtmfReceived: "dtmf",
    PlaybackReceived: "playback",
    UnknownReceived: "unknown",
}

RTTS = 8
"""One in so many round-trip times is recorded: the distribution is the same, and to record one is a quarter
of what a ping costs."""

_NOT_ITS_FAULT = frozenset({ServerState.OPENING, ServerState.CLOSING, ServerState.CLOSED, ServerState.GONE})


class Counting:
    """Counts what the connections of one server receive, send and break."""

    __slots__ = ("_metrics", "_received", "_rtts", "_sent")

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._rtts = 0
        self._received = {
            kind: metrics.counter("audiohook.messages.received", type=type_) for kind, type_ in _TYPES.items()
        }
        self._sent = {
            type_: metrics.counter("audiohook.outbox.sent", type=type_) for type_ in SERVER_MESSAGES
        }

    def received(self, event: ServerEvent) -> None:
        """Count a message of the client."""
        received = self._received.get(type(event))
        if received is not None:
            received.value += 1
        match event:
            case WithheldReceived(what="dtmf"):
                self._received[DtmfReceived].value += 1
            case UnknownReceived():
                self._metrics.counter("audiohook.messages.unknown").value += 1
            case ErrorReceived(error=error):
                code = str(error.code) if 400 <= error.code <= 599 else "other"
                self._metrics.counter("audiohook.client.errors", code=code).value += 1
                if error.code == 429:
                    self._metrics.counter("audiohook.client.rate_limited").value += 1
            case PingReceived(rtt=rtt) if rtt is not None:
                if self._rtts % RTTS == 0:
                    self._metrics.histogram("audiohook.rtt").record(rtt)
                self._rtts += 1
            case _:
                pass

    def sent(self, message: ServerMessage) -> None:
        """Count a message of ours."""
        self._sent[message.type].value += 1
        match message:
            case Disconnect(reason=reason):
                self._metrics.counter("audiohook.disconnects", reason=reason).value += 1
            case Reconnect():
                self._metrics.counter("audiohook.reconnects").value += 1
            case _:
                pass

    def violated(self, error: RemoteProtocolError) -> None:
        """Count a rule that the client broke."""
        self._metrics.counter("audiohook.protocol.errors", code=str(error.code)).value += 1

    def timed_out(self, state: ServerState) -> None:
        """Count a state that the client let last too long; to close its socket late is no error."""
        if state not in _NOT_ITS_FAULT:
            self._metrics.counter("audiohook.protocol.errors", code="408").value += 1

    def outcome(self, outcome: str) -> None:
        """Count an `open` that became no call."""
        self._metrics.counter("audiohook.sessions", outcome=outcome).value += 1

    def opened(self, outcome: str, seconds: float) -> None:
        """Record how long our answer to `open` took."""
        self._metrics.histogram("audiohook.open.duration").record(seconds, outcome=outcome)

    def unsent(self, outbox: Outbox) -> None:
        """Count, at the end, the results that were not sent as they came."""
        queue = outbox.entities
        queue.clear()
        self._metrics.counter("audiohook.outbox.merged").value += queue.merged + queue.replaced
        left = {
            "full": queue.dropped,
            "closed": queue.cleared,
            "unsupported": outbox.unsendable,
            "duplicate": queue.duplicates,
        }
        for reason, number in left.items():
            if number:
                self._metrics.counter("audiohook.outbox.dropped", reason=reason).value += number

    def closed(self, seconds: float) -> None:
        """Record how long our answer to `close` took."""
        self._metrics.histogram("audiohook.close.duration").record(seconds)
