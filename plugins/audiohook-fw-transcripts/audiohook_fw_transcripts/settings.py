"""The section `[plugins.transcripts]`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from .formats import FORMATS, Format

__all__ = ["TranscriptsSettings"]


class TranscriptsSettings(BaseModel):
    """Where conversations go, in which formats, and how much a crash may cost."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    directory: Path = Field(
        default=Path("transcripts"),
        description="Directory of the conversations, best one of their own; made when it does not exist.",
    )
    formats: tuple[Format, ...] = Field(
        default=FORMATS,
        min_length=1,
        description="What is written of each call: `txt`, `json`, `vtt` (WebVTT).",
    )
    save_seconds: float = Field(
        default=10.0,
        ge=0.1,
        le=3_600,
        description="Seconds after which what was said is written while the call runs: what a killed server "
        "loses at most.",
    )
    print: bool = Field(
        default=False,
        description="Print each final utterance to standard output as it comes. That is personal data: for "
        "demonstrations and development only.",
    )
