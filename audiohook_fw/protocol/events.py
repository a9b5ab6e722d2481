"""What the protocol objects yield for what they receive: small typed events.

Positions, starts and lengths are samples of call time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from audiohook_fw.errors import RemoteProtocolError

from .client_messages import Error, Open
from .clock import ClockGap
from .pausing import ClientPause
from .server_messages import Disconnect, Opened, WireEntity

__all__ = [
    "AudioReceived",
    "ClientEvent",
    "CloseReceived",
    "ClosedReceived",
    "Complaint",
    "DiscardedReceived",
    "DisconnectReceived",
    "DtmfReceived",
    "EntitiesReceived",
    "ErrorReceived",
    "OpenReceived",
    "OpenedReceived",
    "PauseReceived",
    "PausedReceived",
    "PingReceived",
    "PlaybackReceived",
    "PongReceived",
    "ReconnectReceived",
    "ResumeReceived",
    "ResumedReceived",
    "ServerAudioReceived",
    "ServerEvent",
    "UnknownReceived",
    "UpdateReceived",
    "UpdatedReceived",
    "Violated",
    "WithheldReceived",
]


@dataclass(slots=True, eq=False)
class AudioReceived:
    """A binary frame to deliver: `length` samples per channel; `gap` are missing right before it."""

    payload: bytes = field(repr=False)
    length: int
    position: int
    gap: int


@dataclass(frozen=True, slots=True)
class OpenReceived:
    """`open` came: decide, then send `Opened` or `Disconnect`."""

    open: Open


@dataclass(frozen=True, slots=True)
class CloseReceived:
    """`close` came: send last events, then `Closed`. `reason` is as on the wire, or `None`."""

    reason: str | None
    seq: int


@dataclass(frozen=True, slots=True)
class PausedReceived:
    """The stream is paused at `position`.

    Attributes:
        by_client: it proves a pause of the client's own.
        client: what is known of the client's own pause now.
        news: the state, who paused or what is known of it changed; otherwise it is a repetition.
    """

    position: int
    by_client: bool
    client: ClientPause
    news: bool


@dataclass(frozen=True, slots=True)
class ResumedReceived:
    """The stream goes on after `gap`."""

    gap: ClockGap


@dataclass(frozen=True, slots=True)
class DiscardedReceived:
    """The client threw away audio."""

    gap: ClockGap


@dataclass(frozen=True, slots=True)
class PingReceived:
    """A ping: send `Pong` with `answers=seq` at once. `rtt` in seconds, when the client tells it."""

    seq: int
    rtt: float | None


@dataclass(frozen=True, slots=True)
class UpdateReceived:
    """An update at `position`: send `Updated` with `answers=seq`."""

    seq: int
    language: str | None
    position: int


@dataclass(frozen=True, slots=True)
class ErrorReceived:
    """The client complains; nothing ends by it."""

    error: Error


@dataclass(frozen=True, slots=True)
class DtmfReceived:
    """The caller pressed a key at `position`."""

    digit: str = field(repr=False)
    position: int


@dataclass(frozen=True, slots=True)
class WithheldReceived:
    """Something came in what is, or may be, a pause of the client's own, and was dropped.

    Attributes:
        what: `audio` or `dtmf`. first: of its kind in this call; later frames of audio are only counted.
    """

    what: str
    first: bool


@dataclass(frozen=True, slots=True)
class PlaybackReceived:
    """The client started (or completed) playing at `position`."""

    started: bool
    position: int


@dataclass(frozen=True, slots=True)
class UnknownReceived:
    """A message of a type we do not know; counted, nothing else. `type` is for the log."""

    type: str


@dataclass(frozen=True, slots=True)
class Violated:
    """The peer broke a rule: a server sends `Disconnect`, a client `Error` and `Close`."""

    error: RemoteProtocolError


ServerEvent: TypeAlias = (
    AudioReceived
    | OpenReceived
    | CloseReceived
    | PausedReceived
    | ResumedReceived
    | DiscardedReceived
    | PingReceived
    | UpdateReceived
    | ErrorReceived
    | DtmfReceived
    | WithheldReceived
    | PlaybackReceived
    | UnknownReceived
    | Violated
)


@dataclass(frozen=True, slots=True)
class OpenedReceived:
    """The server accepted."""

    opened: Opened


@dataclass(frozen=True, slots=True)
class ClosedReceived:
    """The server is done: close the socket."""


@dataclass(frozen=True, slots=True)
class DisconnectReceived:
    """The server wants an end: send `Close` with reason `disconnect`."""

    disconnect: Disconnect


@dataclass(frozen=True, slots=True)
class EntitiesReceived:
    """Results of the server."""

    entities: tuple[WireEntity, ...]


@dataclass(frozen=True, slots=True)
class PauseReceived:
    """The server asks for a pause: answer `Paused`."""


@dataclass(frozen=True, slots=True)
class ResumeReceived:
    """The server takes its pause back: answer `Resumed`, or `Paused` while the client pauses too."""

    still_paused: bool


@dataclass(frozen=True, slots=True)
class PongReceived:
    """The answer to ping number `seq`."""

    seq: int


@dataclass(frozen=True, slots=True)
class UpdatedReceived:
    """The answer to an update."""


@dataclass(frozen=True, slots=True)
class ReconnectReceived:
    """The server drains and asks for a new connection."""

    info: str | None


@dataclass(slots=True, eq=False)
class ServerAudioReceived:
    """Audio to play (Audio Connector)."""

    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Complaint:
    """The server broke a lesser rule: send `Error` with this code, and go on.

    `retry_after` (seconds) goes with 429.
    """

    error: RemoteProtocolError
    retry_after: float | None = None


ClientEvent: TypeAlias = (
    OpenedReceived
    | ClosedReceived
    | DisconnectReceived
    | EntitiesReceived
    | PauseReceived
    | ResumeReceived
    | PongReceived
    | UpdatedReceived
    | ReconnectReceived
    | ServerAudioReceived
    | Complaint
    | Violated
)
