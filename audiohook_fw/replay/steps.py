"""What happened in a call that is replayed, one thing after the other, and what the call was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

from audiohook_fw.audio import Samples
from audiohook_fw.plugin import CloseReason, PauseOrigin
from audiohook_fw.protocol import ContinuedSession, MediaFormat

__all__ = [
    "AudioStep",
    "DiscardStep",
    "PauseStep",
    "RecordedCall",
    "ResumeStep",
    "Step",
    "UpdateStep",
]

_UNKNOWN: Final = "00000000-0000-4000-8000-000000000000"
_NOBODY: Final = "00000000-0000-4000-8000-000000000001"


@dataclass(frozen=True, slots=True, eq=False)
class AudioStep:
    """Audio that comes: it joins the audio before it, and is cut into frames.

    Attributes:
        samples: int16 of shape `(n, channels)`, of any length.
    """

    samples: Samples


@dataclass(frozen=True, slots=True)
class PauseStep:
    """The stream is paused.

    Attributes:
        origin: by whom, as far as is known.
    """

    origin: PauseOrigin = PauseOrigin.UNKNOWN


@dataclass(frozen=True, slots=True)
class ResumeStep:
    """The stream goes on after a pause.

    Attributes:
        length: samples of call time that the pause took.
        clamped: the client claimed more.
    """

    length: int
    clamped: bool = False


@dataclass(frozen=True, slots=True)
class DiscardStep:
    """The client threw audio away.

    Attributes:
        length: samples of call time.
        clamped: the client claimed more.
    """

    length: int
    clamped: bool = False


@dataclass(frozen=True, slots=True)
class UpdateStep:
    """The call's language changes.

    Attributes:
        language: `None` when the message named none.
    """

    language: str | None = None


Step: TypeAlias = AudioStep | PauseStep | ResumeStep | DiscardStep | UpdateStep
"""One thing that happens in a call."""


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """What is known of a call that is replayed; the names are those of `Session`.

    Attributes:
        session_id: the call's id.
        media: the media that was selected: the only one that is offered now.
        conversation_id: the conversation.
        organization_id: the Genesys Cloud organization.
        correlation_id: for correlation with Genesys' logs.
        participant_id: the customer's; numbers and names are not known any more.
        key_name: the name of the API key.
        product: what the key is for.
        language: at the beginning.
        retry_attempt: the client's count of retries.
        continued_sessions: the sessions that this one continued.
        started_at: wall time of `open`.
        close_reason: how it ended.
    """

    session_id: str
    media: MediaFormat
    conversation_id: str = _UNKNOWN
    organization_id: str = _UNKNOWN
    correlation_id: str = _UNKNOWN
    participant_id: str = _NOBODY
    key_name: str = "replay"
    product: Literal["monitor", "transcription", "connector"] = "monitor"
    language: str | None = None
    retry_attempt: int | None = None
    continued_sessions: tuple[ContinuedSession, ...] = ()
    started_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    close_reason: CloseReason = CloseReason.END
