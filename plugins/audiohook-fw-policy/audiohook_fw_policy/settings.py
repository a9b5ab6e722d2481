"""The section `[plugins.policy]`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["OnFailure", "PolicySettings"]


class OnFailure(StrEnum):
    """What is done with a call that the rules cannot decide."""

    CLOSED = "closed"
    OPEN = "open"


class PolicySettings(BaseModel):
    """Where the rules are, and what counts when they cannot be used."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Path | None = Field(
        default=None,
        description="The rules, in TOML or YAML. Without it the plugin has no opinion about any call.",
    )
    on_failure: OnFailure = Field(
        default=OnFailure.CLOSED,
        description="What is done with calls that the rules cannot decide (the file was wrong from the "
        "start, or a rule's queue stays unknown and it has no fallback): closed rejects them with error, "
        "open accepts them.",
    )
    dry_run: bool = Field(
        default=False,
        description="Only log and count what the rules say; every call is taken as without them.",
    )
    reload_seconds: float = Field(
        default=2.0,
        ge=0,
        le=3600,
        description="Seconds between two looks at the file; a change counts at the second look that sees it. "
        "0 never looks.",
    )
