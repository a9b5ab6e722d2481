"""A policy: serve only the organizations that are named, and decline all others for good.

[plugins.reject_by_organization]
allowed = ["d7934305-0972-4844-938e-9060eef73d05"]
"""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from audiohook_fw import Decision, OnFailure, PluginInfo, Reject, Session, hookimpl


class Settings(BaseModel):
    """The section `[plugins.reject_by_organization]`."""

    model_config = ConfigDict(extra="forbid")

    allowed: frozenset[UUID] = Field(default=frozenset(), description="Organizations that are served.")


# A policy that fails must not let anybody in: its failure counts as a rejection that Genesys retries.
info = PluginInfo(summary="Serves only some organizations", on_failure=OnFailure.REJECT)


@hookimpl
def on_open(session: Session) -> Decision:
    """Reject with `completed`: the call is not wanted, and a retry would not help."""
    settings: Settings = session.settings_for()
    if UUID(session.organization_id) in settings.allowed:
        return None
    return Reject(info="organization not served here")
