"""The plugin: one engine for all calls; the rest is done by the base."""

from __future__ import annotations

from collections.abc import Sequence

from audiohook_fw_asr import SegmentEngine, SpeechRecognition

from audiohook_fw import ServerContext, hookimpl

from .engine import WhisperEngine
from .settings import WhisperSettings
from .totals import make_instruments

__all__ = ["Whisper"]


class Whisper(SpeechRecognition):
    """Transcribes calls on this machine, in worker processes that all calls share."""

    Settings = WhisperSettings
    summary = "Transcribes calls on this machine with Whisper"

    def make_engines(self) -> Sequence[SegmentEngine]:
        """Return the one engine."""
        self._engine = WhisperEngine(self.settings)
        return [self._engine]

    @hookimpl
    async def on_startup(self, server: ServerContext) -> None:
        """Have the models loaded; without one, the plugin fails and says what to do."""
        make_instruments(server.meter, self._engine.totals)
        await super().on_startup(server)

    @hookimpl
    def check_health(self) -> str | None:
        """Say so when no worker is there to recognise anything."""
        return self._engine.problem or super().check_health()
