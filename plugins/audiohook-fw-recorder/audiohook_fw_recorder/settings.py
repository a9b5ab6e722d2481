"""The section `[plugins.recorder]`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from .encryption import EncryptionSettings

__all__ = ["RecorderSettings"]


class RecorderSettings(BaseModel):
    """Where recordings go, and how much a crash may cost."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    directory: Path = Field(
        default=Path("recordings"), description="Directory of the recordings; made when it does not exist."
    )
    flush_seconds: float = Field(
        default=0.9,
        ge=0.02,
        le=1.0,
        description="Seconds of audio collected before it is written: what a killed server loses at most, "
        "beside the frame on its way.",
    )
    memory_bytes: int = Field(
        default=256 * 2**20,
        ge=2**16,
        description="Bytes of audio, of all calls, that may wait in memory while the disk is slow or full. "
        "What comes beyond that becomes silence, and is listed.",
    )
    encryption: EncryptionSettings | None = Field(
        default=None,
        description="Public keys for which all audio is encrypted, table `[plugins.recorder.encryption]`; "
        "not set: it is written in the clear.",
    )
