"""The section `[plugins.vad]`."""

from __future__ import annotations

import os
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .gate import GateRules
from .segmenter import Rules

__all__ = ["VadSettings"]


class VadSettings(BaseModel):
    """Which engine listens, and what counts as speech."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: str = Field(
        default="silero",
        min_length=1,
        description="`silero`, `webrtc` (needs `audiohook-fw-vad[webrtc]`), the entry point of another "
        "engine in the group `audiohook_fw_vad.engines`, or `module:Class`.",
    )
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="Passed to the engine by name; `webrtc` knows `aggressiveness`, 0 to 3.",
    )
    threshold: float = Field(
        default=0.5, gt=0, le=1, description="Probability from which on speech begins, 0 to 1."
    )
    end_threshold: float = Field(
        default=0.35, gt=0, le=1, description="Probability below which it is silent while somebody speaks."
    )
    min_speech: float = Field(
        default=0.1, ge=0.02, le=2, description="Seconds; what is shorter counts as no speech."
    )
    min_silence: float = Field(
        default=0.3, ge=0.05, le=10, description="Seconds of silence after which speech has ended."
    )
    pad_before: float = Field(
        default=0.0, ge=0, le=1, description="Seconds by which speech is said to begin earlier than heard."
    )
    pad_after: float = Field(
        default=0.0, ge=0, le=1, description="Seconds by which speech is said to end later than heard."
    )
    ignore_background: bool = Field(
        default=True,
        description="Take voices and noise for silence that are much quieter than who speaks.",
    )
    background_below: float = Field(
        default=15.5,
        ge=3,
        le=60,
        description="dB below the loudest speech of a channel from which on it may be background.",
    )
    background_above: float = Field(
        default=13.0,
        ge=0,
        le=60,
        description="dB above the quietest level of the last 8 seconds up to which it may be background.",
    )
    interruption: float = Field(
        default=0.5,
        ge=0,
        le=10,
        description="Seconds for which somebody must speak who began while the other spoke, to have "
        "interrupted; shorter ones are a yes or an mhm.",
    )
    batch: float = Field(
        default=0.1,
        ge=0.02,
        le=2,
        description="Seconds of audio that are judged at once; more costs less, and tells later.",
    )
    max_lag: float = Field(
        default=25.0,
        ge=1,
        le=60,
        description="Seconds that detection may be behind; then audio is skipped. A client that reconnects "
        "may send 20 s at once.",
    )
    threads: int | None = Field(
        default=None,
        ge=1,
        le=64,
        description="Threads in which the engine computes, for all calls together; the number of "
        "processors, 4 at most, unless set.",
    )
    spare: int = Field(
        default=32,
        ge=0,
        le=10_000,
        description="Detectors, one for each channel, that are kept for the next calls; for engines whose "
        "detectors cost much to make, which ours do not.",
    )
    engine_timeout: float = Field(
        default=5.0,
        ge=0.1,
        le=60,
        description="Seconds after which an engine that does not return is given up.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.end_threshold > self.threshold:
            raise ValueError("end_threshold must not be above threshold")
        if self.pad_before + self.pad_after > self.min_silence:
            raise ValueError("pad_before and pad_after together must not be longer than min_silence")
        return self

    @property
    def thread_count(self) -> int:
        """How many threads there are."""
        return self.threads or min(os.cpu_count() or 1, 4)

    def rules(self, rate: int) -> Rules:
        """Return what counts as speech, in samples."""
        return Rules(
            self.threshold,
            self.end_threshold,
            min_speech=round(self.min_speech * rate),
            min_silence=round(self.min_silence * rate),
            pad_before=round(self.pad_before * rate),
            pad_after=round(self.pad_after * rate),
        )

    @property
    def gate(self) -> GateRules | None:
        """What counts as background; `None` when it is not told from speech."""
        return GateRules(self.background_below, self.background_above) if self.ignore_background else None
