"""The plugin: one engine and its threads per process, one handler per call."""

from __future__ import annotations

import logging
from typing import Final

from audiohook_fw import (
    AudioWish,
    PluginError,
    PluginInfo,
    ServerContext,
    Session,
    SpeechEnded,
    SpeechStarted,
    hookimpl,
)

from .call import ListenedCall
from .engine import Engine, EngineError
from .events import Conversation
from .judging import Judge
from .metrics import make_instruments
from .settings import VadSettings
from .totals import Totals
from .workers import Workers

__all__ = ["Vad"]

logger = logging.getLogger(__name__)

RATE: Final = 8000
"""Samples per second; AudioHook knows no other rate."""


class Vad:
    """Tells everybody who speaks when."""

    Settings = VadSettings
    info = PluginInfo(
        summary="Tells who speaks when, and how talk was shared",
        emits=(SpeechStarted, SpeechEnded, Conversation),
        audio=AudioWish(),
    )

    def __init__(self, settings: VadSettings) -> None:
        self._settings = settings
        self._engine = Engine(settings.engine, settings.options, rate=RATE, spare=settings.spare)
        self._workers = Workers(settings.thread_count, timeout=settings.engine_timeout)
        self._totals = Totals()

    @hookimpl
    async def on_startup(self, server: ServerContext) -> None:
        """Load the engine, so that no call waits for it."""
        make_instruments(server.meter, self._totals, rate=RATE)
        try:
            await self._workers.run(self._engine.load)
        except EngineError as error:
            self._workers.close()
            raise PluginError("vad", str(error)) from error

    @hookimpl
    def create_handler(self, session: Session) -> ListenedCall | None:
        """Listen to every call that has audio."""
        if session.media is None or session.media.rate != RATE:
            return None
        channels = len(session.media.channels)
        judge = Judge(self._engine, self._settings.gate, self._workers, self._totals, channels=channels)
        return ListenedCall(session, self._settings, judge, self._totals, window=self._engine.window)

    @hookimpl
    def check_health(self) -> str | None:
        """Say so when the engine hung too often."""
        return self._workers.problem

    @hookimpl
    async def on_shutdown(self) -> None:
        """Let threads and detectors go."""
        await self._workers.join()
        self._engine.clear()
