"""The plugin: the engines are shared by all calls, a handler scores each call."""

from __future__ import annotations

from audiohook_fw import PluginInfo, Sentiment, ServerContext, Session, Transcript, hookimpl

from .call import ScoredCall
from .engines import Engines
from .settings import SentimentSettings

__all__ = ["SentimentPlugin"]


class SentimentPlugin:
    """Gives each final transcript a mood, and each channel the one it has had lately."""

    Settings = SentimentSettings
    info = PluginInfo(
        summary="Tells the mood of utterances and channels", consumes=(Transcript,), emits=(Sentiment,)
    )

    def __init__(self, settings: SentimentSettings) -> None:
        self._settings = settings
        self._engines = Engines(settings)

    @hookimpl
    async def on_startup(self, server: ServerContext) -> None:
        """Find and start the engines."""
        self._engines.totals.observe(server.meter)
        await self._engines.start()

    @hookimpl
    def create_handler(self, session: Session) -> ScoredCall:
        """Score a call."""
        return ScoredCall(session, self._settings, self._engines)

    @hookimpl
    async def on_shutdown(self) -> None:
        """Stop the engines."""
        await self._engines.stop()
