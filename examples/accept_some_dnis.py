"""A policy: take only calls to some numbers.

    [plugins.accept_some_dnis]
    prefixes = ["+49800", "+49180"]

Numbers are personal data: they are compared here, and go nowhere.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from audiohook_fw import Accept, Decision, OnFailure, PluginInfo, Reject, Session, hookimpl


class Settings(BaseModel):
    """The section `[plugins.accept_some_dnis]`."""

    model_config = ConfigDict(extra="forbid")

    prefixes: tuple[str, ...] = Field(default=(), description="How wanted numbers begin, in E.164 form.")


info = PluginInfo(summary="Takes calls to some numbers only", on_failure=OnFailure.REJECT)


def number(address: str) -> str:
    """Return the bare number of `tel:+49…` or `sip:+49…@host`."""
    return address.removeprefix("tel:").removeprefix("sip:").partition("@")[0]


@hookimpl
def on_open(session: Session) -> Decision:
    """Accept with a tag that later hooks see, or reject."""
    settings: Settings = session.settings_for()
    called = number(session.participant.dnis)
    for prefix in settings.prefixes:
        if called.startswith(prefix):
            return Accept(tags={"line": prefix})
    return Reject(info="number not streamed")
