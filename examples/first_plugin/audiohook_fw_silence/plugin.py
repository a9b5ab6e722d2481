"""The plugin: made once in a process, it makes one handler for each call."""

from __future__ import annotations

from audiohook_fw import PluginInfo, Session, hookimpl

from .events import SilenceMeasured
from .handler import SilenceCall
from .settings import SilenceSettings

__all__ = ["SilencePlugin"]


class SilencePlugin:
    """Measures every call."""

    Settings = SilenceSettings
    info = PluginInfo(summary="How long each side is silent", emits=(SilenceMeasured,))

    def __init__(self, settings: SilenceSettings) -> None:
        self._settings = settings

    @hookimpl
    def create_handler(self, session: Session) -> SilenceCall:
        """Measure this call."""
        return SilenceCall(session, self._settings)
