"""The section `[plugins.silence]`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["SilenceSettings"]


class SilenceSettings(BaseModel):
    """What counts as silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: int = Field(
        default=200, ge=0, le=32767, description="The loudest sample that counts as silent."
    )
