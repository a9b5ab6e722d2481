"""Speech recognition by a WebSocket service for audiohook_fw."""

from .engine import WebsocketEngine
from .plugin import AsrWebsocket
from .service import EngineService
from .settings import AsrWebsocketSettings

__all__ = ["AsrWebsocket", "AsrWebsocketSettings", "EngineService", "WebsocketEngine"]
