"""What the server sends: one class a message type (protocol: server to client)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from .values import DisconnectReason, Duration, Model

__all__ = [
    "SERVER_MESSAGES",
    "Closed",
    "Disconnect",
    "EventMessage",
    "Opened",
    "Pause",
    "Pong",
    "Reconnect",
    "Resume",
    "ServerMessage",
    "Updated",
    "WireEntity",
]


class ServerMessage(Model):
    """Base of the server's messages; `type` is the name on the wire."""

    type: ClassVar[str]


class Opened(ServerMessage):
    """Accept the session with one of the offered media, or with none (control only)."""

    type: ClassVar[str] = "opened"
    media: list[dict[str, Any]] = Field(max_length=1)
    discard_to: Duration | None = None
    start_paused: bool | None = None
    supported_languages: list[str] | None = None


class Closed(ServerMessage):
    """The answer to `close`: the last message of the server."""

    type: ClassVar[str] = "closed"


class Disconnect(ServerMessage):
    """Ask the client to close; also the polite way to decline in place of `opened`."""

    type: ClassVar[str] = "disconnect"
    reason: DisconnectReason
    info: str | None = None
    output_variables: dict[str, str] | None = Field(default=None, repr=False)


class WireEntity(Model):
    """One entity of an `event` message: a type name and JSON data that is not null."""

    type: str
    data: Annotated[Any, Field(repr=False)]


class EventMessage(ServerMessage):
    """Results for the client; a client that gets an empty list ends the session."""

    type: ClassVar[str] = "event"
    entities: list[WireEntity] = Field(min_length=1)


class Pause(ServerMessage):
    """Ask the client to pause the stream."""

    type: ClassVar[str] = "pause"


class Resume(ServerMessage):
    """Take back the server's pause."""

    type: ClassVar[str] = "resume"


class Pong(ServerMessage):
    """The answer to `ping`; its `clientseq` is the ping's `seq`."""

    type: ClassVar[str] = "pong"


class Reconnect(ServerMessage):
    """Ask the client to move to a new connection (draining)."""

    type: ClassVar[str] = "reconnect"
    info: str | None = None


class Updated(ServerMessage):
    """The answer to `update`."""

    type: ClassVar[str] = "updated"


SERVER_MESSAGES: Final[dict[str, type[ServerMessage]]] = {
    message.type: message
    for message in (Opened, Closed, Disconnect, EventMessage, Pause, Resume, Pong, Reconnect, Updated)
}
"""The server's message types by their name on the wire."""
