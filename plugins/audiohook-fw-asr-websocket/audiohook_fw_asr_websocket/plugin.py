"""The plugin: the base with an engine for each URL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from audiohook_fw_asr import SpeechRecognition, StreamEngine

from audiohook_fw import PluginError, ServerContext, hookimpl

from .engine import WebsocketEngine
from .settings import AsrWebsocketSettings

__all__ = ["AsrWebsocket"]

_NOBODY: Final = 'nobody to ask: set plugins.asr_websocket.urls, such as ["wss://asr.example.com/v1/stream"]'


class AsrWebsocket(SpeechRecognition):
    """Transcribes calls by a WebSocket service."""

    Settings = AsrWebsocketSettings
    summary = "Transcribes calls by a WebSocket service"
    settings: AsrWebsocketSettings

    def make_engines(self) -> Sequence[StreamEngine]:
        """Return an engine for each URL, in their order; without one, an engine that never starts."""
        settings = self.settings
        headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
        if settings.token is not None:
            headers["Authorization"] = f"Bearer {settings.token.get_secret_value()}"
        return [
            WebsocketEngine(
                url,
                name=f"url {number}",
                rate=settings.rate,
                languages=settings.languages,
                headers=headers,
                ca_file=settings.ca_file,
                interims=settings.interims,
            )
            for number, url in enumerate(settings.urls or ("",), start=1)
        ]

    @hookimpl
    async def on_startup(self, server: ServerContext) -> None:
        """Start the engines; without a URL the plugin fails and says what to do."""
        if not self.settings.urls:
            raise PluginError("asr_websocket", _NOBODY)
        await super().on_startup(server)
