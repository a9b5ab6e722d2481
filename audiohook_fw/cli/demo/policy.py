"""The demo's policy: declines the calls to one number, and pauses the others for a moment.

A whole plugin in one module, loaded by its name (`plugins.modules`, or `-p`). Policies of your own are
written like this, with the same names imported from `audiohook_fw`.
"""

from __future__ import annotations

import asyncio

from pydantic import BaseModel, ConfigDict, Field

from audiohook_fw.audio import AudioFrame
from audiohook_fw.plugin import OnFailure, PluginInfo, Reject, SessionHandler, hookimpl
from audiohook_fw.session import Hold, Session

__all__ = ["Settings", "create_handler", "info", "on_open"]

info = PluginInfo(
    summary="The demo's policy: declines one number, pauses other calls once", on_failure=OnFailure.REJECT
)


class Settings(BaseModel):
    """The section `[plugins.demo_policy]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    declined: str = Field(default="", repr=False, description="The number whose calls are declined.")
    pause_at: float = Field(default=18.0, ge=0, description="Call time in seconds at which a call is paused.")
    pause_for: float = Field(default=3.0, gt=0, description="For how many seconds of real time.")


class Pauser(SessionHandler):
    """Pauses one call once: at that call time, for so long."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self._session = session
        self._settings = settings
        self._hold: Hold | None = None

    def on_audio(self, frame: AudioFrame) -> None:
        """Take the hold when its time has come; the loop's timer releases it, for no audio comes then."""
        if self._hold is None and frame.end >= self._settings.pause_at * frame.media.rate:
            self._hold = self._session.pause("the demo's pause")
            asyncio.get_running_loop().call_later(self._settings.pause_for, self._hold.release)


@hookimpl
def on_open(session: Session) -> Reject | None:
    """Decline calls to the number; `None` is no opinion, and a call that nobody declines is accepted."""
    declined = session.settings_for().declined
    return Reject(info="number not served") if session.participant.dnis == declined else None


@hookimpl
def create_handler(session: Session) -> Pauser:
    """Watch every call that was accepted."""
    return Pauser(session, session.settings_for())
