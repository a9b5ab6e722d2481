"""The section `[plugins.recorder]`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from .store_settings import StoreSettings

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
    store: StoreSettings = Field(
        default=StoreSettings(), description="The object store that recordings go to when their call is over."
    )
