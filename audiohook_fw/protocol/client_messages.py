"""What the client (Genesys Cloud) sends: one class a message type (protocol: client to server)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final

from pydantic import BeforeValidator, Field, ValidatorFunctionWrapHandler, WrapValidator

from .media import MediaFormat, parse_offers
from .values import Counted, Duration, Model, Tolerant, Uuid, is_null_uuid

__all__ = [
    "CLIENT_MESSAGES",
    "ClientMessage",
    "Close",
    "ContinuedSession",
    "Discarded",
    "Dtmf",
    "Error",
    "Open",
    "Participant",
    "Paused",
    "Ping",
    "PlaybackCompleted",
    "PlaybackStarted",
    "Resumed",
    "Update",
]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _code(value: object, handler: ValidatorFunctionWrapHandler) -> int:
    try:
        return int(handler(value))
    except ValueError:
        return 0


Text = Annotated[str, BeforeValidator(_text)]
"""A string that counts as empty when it is missing, null or of another type."""

Code = Annotated[Counted, WrapValidator(_code)]
"""An error code; 0 when it is of a form we do not know: a complaint never ends a session."""


class ClientMessage(Model):
    """Base of the client's messages; `type` is the name on the wire."""

    type: ClassVar[str]


class Participant(Model):
    """The customer whose leg of the call is followed. All but `id` is personal data."""

    id: Uuid
    ani: Text = Field(default="", repr=False)
    ani_name: Text = Field(default="", repr=False)
    dnis: Text = Field(default="", repr=False)


class ContinuedSession(Model):
    """A predecessor of this session, named by a reconnecting client."""

    id: Uuid
    serverseq: Counted
    clientseq: Counted


class Open(ClientMessage):
    """Begin a session; always the client's first message."""

    type: ClassVar[str] = "open"
    organization_id: Uuid
    conversation_id: Uuid
    participant: Participant
    media: list[Any]
    language: Annotated[str | None, Tolerant] = None
    supported_languages: Annotated[bool | None, Tolerant] = None
    continued_sessions: Annotated[tuple[ContinuedSession, ...] | None, Tolerant] = None
    custom_config: Annotated[dict[str, Any] | None, Tolerant] = Field(default=None, repr=False)
    input_variables: Annotated[dict[str, str] | None, Tolerant] = Field(default=None, repr=False)

    @property
    def offers(self) -> tuple[MediaFormat, ...]:
        """The offered media that are understood, in order of preference."""
        return parse_offers(self.media)[0]

    @property
    def unknown_offers(self) -> int:
        """How many offers are not understood (and are skipped)."""
        return parse_offers(self.media)[1]

    @property
    def is_probe(self) -> bool:
        """Whether this is the connection probe: the conversation id is the null UUID."""
        return is_null_uuid(self.conversation_id)


class Close(ClientMessage):
    """End the session; answered by `closed` whatever else is wrong with it."""

    type: ClassVar[str] = "close"
    reason: Annotated[str | None, Tolerant] = None


class Discarded(ClientMessage):
    """The client threw away audio: the position moves on."""

    type: ClassVar[str] = "discarded"
    start: Duration
    discarded: Duration


class Error(ClientMessage):
    """The client complains; by itself it does not end the session."""

    type: ClassVar[str] = "error"
    code: Code = 0
    message: Text = ""
    retry_after: Annotated[Duration | None, Tolerant] = None


class Paused(ClientMessage):
    """The stream is paused: as answer to `pause` or `resume`, or by the client itself."""

    type: ClassVar[str] = "paused"


class Resumed(ClientMessage):
    """The stream goes on; `discarded` is how long it was paused."""

    type: ClassVar[str] = "resumed"
    start: Duration
    discarded: Duration


class Ping(ClientMessage):
    """A sign of life, to be answered by `pong` at once."""

    type: ClassVar[str] = "ping"
    rtt: Annotated[Duration | None, Tolerant] = None


class Update(ClientMessage):
    """Something about the call changed; answered by `updated`."""

    type: ClassVar[str] = "update"
    language: Annotated[str | None, Tolerant] = None


class Dtmf(ClientMessage):
    """The caller pressed a key (Audio Connector)."""

    type: ClassVar[str] = "dtmf"
    digit: str = Field(repr=False)


class PlaybackStarted(ClientMessage):
    """The client began to play what the server sent (Audio Connector)."""

    type: ClassVar[str] = "playback_started"


class PlaybackCompleted(ClientMessage):
    """The client's queue of server audio ran dry (Audio Connector)."""

    type: ClassVar[str] = "playback_completed"


CLIENT_MESSAGES: Final[dict[str, type[ClientMessage]]] = {
    message.type: message
    for message in (
        Open,
        Close,
        Discarded,
        Error,
        Paused,
        Resumed,
        Ping,
        Update,
        Dtmf,
        PlaybackStarted,
        PlaybackCompleted,
    )
}
"""The client's message types by their name on the wire."""
