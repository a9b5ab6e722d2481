"""The section `[plugins.recorder]`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from .encryption import EncryptionSettings
from .formats import FileFormat
from .store_settings import StoreSettings

__all__ = ["Pauses", "RecorderSettings", "Wanted"]

Pauses = Literal["silence", "cut"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The files that a recording is to have.

    Attributes:
        format: of the files. per_channel: one file for each channel.
        pauses: keep them as silence, or cut them (and what the client discarded) out.
    """

    format: FileFormat = "wav"
    per_channel: bool = False
    pauses: Pauses = "silence"

    @property
    def plain(self) -> bool:
        """Whether that is what the recorder writes during the call."""
        return self == Wanted()


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
    format: FileFormat = Field(
        default="wav",
        description="Format of the files once the call is over: `wav` as it came (µ-law), `pcm16` (WAV of 16 "
        "bits), `flac` or `opus` (in Ogg, lossy). The last two need the extra `formats`.",
    )
    per_channel: bool = Field(default=False, description="Make one file for each channel of a call.")
    pauses: Pauses = Field(
        default="silence",
        description="What becomes of pauses, and of audio that the client discarded: `silence`, so that file "
        "time is call time, or `cut` out, with a map in the sidecar.",
    )
    store: StoreSettings = Field(
        default=StoreSettings(), description="The object store that recordings go to when their call is over."
    )
    encryption: EncryptionSettings | None = Field(
        default=None,
        description="Public keys for which all audio is encrypted, table `[plugins.recorder.encryption]`; "
        "not set: it is written in the clear.",
    )

    @property
    def wanted(self) -> Wanted:
        """The files that a recording is to have."""
        return Wanted(self.format, self.per_channel, self.pauses)
