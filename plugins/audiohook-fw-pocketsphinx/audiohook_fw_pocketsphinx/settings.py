"""The section `[plugins.pocketsphinx]`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from audiohook_fw_asr import StreamSettings
from pydantic import Field

__all__ = ["PocketsphinxSettings"]

Tag = Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]


class PocketsphinxSettings(StreamSettings):
    """What pocketsphinx needs; without any it is the English model that comes with it."""

    processes: int = Field(
        default=4, ge=1, le=256, description="channels that can be listened to at once; each takes 150 MB"
    )
    connect_timeout: float = Field(
        default=20.0, gt=0, le=3600, description="seconds that starting a decoder may take"
    )
    languages: tuple[Tag, ...] = Field(default=("en-US",), min_length=1, description="what the model is for")
    acoustic_model: Path | None = Field(default=None, description="folder of an acoustic model for 16,000 Hz")
    language_model: Path | None = Field(default=None, description="file of a language model")
    dictionary: Path | None = Field(default=None, description="file of a pronunciation dictionary")
