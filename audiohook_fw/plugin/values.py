"""The small values that hooks receive. Positions and lengths are samples of call time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

__all__ = ["ClientError", "CloseReason", "Gap", "PauseOrigin", "Playback", "SessionSummary", "Update"]


class PauseOrigin(StrEnum):
    """Who paused the stream, as far as the wire tells (protocol: the pause has no reason field).

    A pause from the start on is `unknown`: the client's own would be told by the same message.
    """

    CLIENT = "client"
    SERVER = "server"
    UNKNOWN = "unknown"


class CloseReason(StrEnum):
    """Why a call ended: the client's four reasons, and what ended it without a `close`."""

    END = "end"
    ERROR = "error"
    DISCONNECT = "disconnect"
    RECONNECT = "reconnect"
    LOST = "lost"
    """The connection broke off, or the peer went silent."""


class Playback(StrEnum):
    """What the client reports about audio the server sent (Audio Connector)."""

    STARTED = "started"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of call time for which no audio comes.

    Attributes:
        start: call time of its first sample.
        length: samples; what was left after the clock's bound (`limits.max_gap`).
        clamped: the client claimed more than the clock's bound allows.
    """

    start: int
    length: int
    clamped: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """What `update` changed; `language` is `None` when the message named none."""

    language: str | None = None


@dataclass(frozen=True, slots=True)
class ClientError:
    """An `error` message of the client: it does not end the call.

    Attributes:
        code: the protocol's error code, an open set (400, 408, 409, 429, 500 …).
        message: the client's text, for logs.
        retry_after: seconds to wait before sending again, when the client names them (429).
    """

    code: int
    message: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """The totals of a call, given to `on_end`.

    Attributes:
        reason: why it ended.
        started_at: wall time of `open` (UTC).
        ended_at: wall time at which the protocol was over (UTC).
        rate: samples per second of `position` and the totals below.
        position: call time at the end, in samples.
        audio: samples per channel received and delivered.
        paused: samples of call time spent in pauses.
        discarded: samples of call time that the client discarded.
        dropped: frames dropped because they came while paused or closing.
        rtt: the last round-trip times in seconds, oldest first.
        counts: totals by name (`frames`, `bytes`, `stray`, `clamped`, `unknown_messages`; `withheld_audio`
            and `withheld_dtmf`: frames and keys dropped in what may be a pause of the client's own …).
    """

    reason: CloseReason
    started_at: datetime
    ended_at: datetime
    rate: int
    position: int
    audio: int
    paused: int
    discarded: int
    dropped: int
    rtt: tuple[float, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
