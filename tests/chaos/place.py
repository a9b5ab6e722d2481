"""What both processes know: keys, limits of the server, and how long things may take."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["DRAINS", "END_DEADLINE", "KEYS", "LEAK_SECONDS", "SECRET", "SILENCE", "Place", "settings"]

SECRET: Final = b"the secret of the chaos, 32 byte"
KEYS: Final = {"monitor": "chaos-monitor", "transcription": "chaos-words", "connector": "chaos-bot"}
"""API keys by product."""

SILENCE: Final = 8.0
"""Seconds; the clients ping every second, so that a client that is held up is no dead client."""
END_DEADLINE: Final = 12.0
LEAK_SECONDS: Final = 10.0
"""How long a planted task outlives its call."""

LIMITS: Final[dict[str, Any]] = {
    "header_timeout": 3.0,
    "open_timeout": 4.0,
    "decision_timeout": 1.0,
    "silence_timeout": SILENCE,
    "disconnect_timeout": 3.0,
    "hook_deadline": 4.0,
    "outbox_deadline": 0.5,
    "closed_deadline": 5.0,
    "end_deadline": END_DEADLINE,
    "linger": 1.5,
    "write_timeout": 3.0,
    # The checking plugins and the recorder have to get every frame, however fast the client is.
    "lane_seconds": 3_000.0,
    # Faults go on to the end: a plugin that is shut out of new calls would do nothing more.
    "quarantine_calls": 1_000_000,
}
DRAINS: Final[dict[str, Any]] = {"balancer_grace": 0.6, "reconnect_spread": 0.6, "drain_deadline": 2.0}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server is, and how patient its clients are.

    Attributes:
        url: of the WebSocket. host, port: of its listener.
        patience: factor on the client's own limits, for machines that are busy with other things.
    """

    url: str
    port: int
    patience: float = 1.0
    host: str = "127.0.0.1"


def settings(*, draining: bool = False) -> dict[str, Any]:
    """Return the configuration of a server with the recorder."""
    secret = b64encode(SECRET).decode()
    server = {"port": 0, "admin_port": "off", "balancer_grace": 0, "reconnect_spread": 0, "drain_deadline": 5}
    return {
        "server": server | (DRAINS if draining else {}),
        "auth": {
            "keys": [
                {"name": product, "api_key": key, "secrets": [secret], "product": product, "interims": True}
                for product, key in KEYS.items()
            ],
            "failure_delay": 0.05,
            "failure_slots": 4,
        },
        "limits": LIMITS,
        "plugins": {"enabled": ["recorder"]},
    }
