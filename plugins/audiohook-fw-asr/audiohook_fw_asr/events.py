"""`RecognitionStatus`: what consumers can see of how recognition fares."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from audiohook_fw import Event

__all__ = ["RecognitionStatus"]


class RecognitionStatus(Event, event_type="asr.status"):
    """How recognition of one channel fares; emitted when that changes.

    `running`: an engine takes the audio (again), `engine` names it. `waiting`: none does; audio is kept for a
    while, and given to the next one. `behind`: audio was dropped, since the engine is too slow or was away
    too long; `dropped` is the sum of it in this call. `unsupported`: no engine knows the call's language.
    """

    channel: str
    state: Literal["running", "waiting", "behind", "unsupported"]
    engine: str = ""
    dropped: int = Field(default=0, ge=0, description="samples never recognised so far")
    position: int = Field(ge=0, description="call time of the change, in samples")
