"""What is emitted at the end of a call: how the parties shared it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from audiohook_fw import Event

__all__ = ["Conversation", "Party"]


class Party(BaseModel):
    """One channel of a call; lengths in samples.

    Attributes:
        talk: how long it spoke.
        segments: in how many pieces.
        longest: the longest of them.
        interruptions: how often it began while the other spoke, and went on for `interruption` seconds.
    """

    model_config = ConfigDict(frozen=True)
    channel: str
    talk: int = Field(default=0, ge=0)
    segments: int = Field(default=0, ge=0)
    longest: int = Field(default=0, ge=0)
    interruptions: int = Field(default=0, ge=0)


class Conversation(Event, event_type="vad.conversation"):
    """How talk was shared in a call, told once when its audio is over; lengths in samples.

    Attributes:
        judged: audio that was listened to; talk of one or both and `silence` make it up.
        unjudged: audio that was not: skipped when detection was behind, or lost to a failure.
        silence: nobody spoke.
        overlap: more than one party spoke.
    """

    rate: int = Field(gt=0)
    judged: int = Field(default=0, ge=0)
    unjudged: int = Field(default=0, ge=0)
    silence: int = Field(default=0, ge=0)
    overlap: int = Field(default=0, ge=0)
    parties: tuple[Party, ...] = ()
