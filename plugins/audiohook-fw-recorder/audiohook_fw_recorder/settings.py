"""The section `[plugins.recorder]`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

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
    retention_days: int | None = Field(
        default=None,
        ge=1,
        le=36_500,
        description="Days after the end of its call when a recording is deleted, here and in the store; "
        "unset, it is kept.",
    )
    store: StoreSettings = Field(
        default=StoreSettings(), description="The object store that recordings go to when their call is over."
    )
    encryption: EncryptionSettings | None = Field(
        default=None,
        description="Public keys for which all audio is encrypted, table `[plugins.recorder.encryption]`; "
        "not set: it is written in the clear.",
    )

    redact: bool = Field(
        default=True,
        description="Silence in the audio what other plugins say was redacted (`redact.span`), on the "
        "channel on which it was said.",
    )
    redact_margin: float = Field(
        default=0.2,
        ge=0,
        le=5,
        description="Seconds that are silenced before and after, since the times of words are not exact.",
    )
    redact_window: float = Field(
        default=30.0,
        ge=0,
        le=120,
        description="Seconds for which audio that is to be encrypted waits in memory for what is redacted in "
        "it, when a plugin emits `redact.span`; a killed server loses that, too. What is told later can be "
        "heard, and the sidecar says so. Without encryption nothing waits.",
    )

    @field_validator("encryption")
    @classmethod
    def _nothing_to_make(cls, value: EncryptionSettings | None, info: ValidationInfo) -> object:
        usual = asdict(Wanted())
        changed = [name for name in usual if info.data.get(name, usual[name]) != usual[name]]
        if value is not None and changed:
            raise ValueError(
                f"cannot be together with {' and '.join(changed)}, since the server cannot read what it "
                "wrote: leave that out, and convert where the key is, with `audiohook-fw recordings export`"
            )
        return value

    @property
    def wanted(self) -> Wanted:
        """The files that a recording is to have."""
        return Wanted(self.format, self.per_channel, self.pauses)

    @property
    def finishes(self) -> bool:
        """Whether there is anything to do for a recording once its call is over."""
        return bool(self.store.url) or not self.wanted.plain
