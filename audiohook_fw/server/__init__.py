"""The server: aiohttp around the session; connections, outbox, health and admin, start and end."""

from __future__ import annotations

from .admin import plugin_json, session_json
from .app import AudiohookServer
from .connection import Connection
from .event_loop import loop_factory, run
from .health import Health, Phase
from .lifecycle import serve
from .outbox import Outbox
from .registry import Registry
from .services import Services
from .tls import make_tls

__all__ = [
    "AudiohookServer",
    "Connection",
    "Health",
    "Outbox",
    "Phase",
    "Registry",
    "Services",
    "loop_factory",
    "make_tls",
    "plugin_json",
    "run",
    "serve",
    "session_json",
]
