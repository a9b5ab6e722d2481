"""The plugin: one client of the Platform API for look-ups and addresses; without settings it is idle."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from audiohook_fw import Commands, ContextChanged, PluginInfo, ServerContext, Session, hookimpl

from .allowlist import Allowlist
from .client import PlatformClient
from .commands import make_app
from .handler import LookupHandler
from .lookups import Lookups
from .metrics import GenesysMetrics
from .settings import GenesysSettings

__all__ = ["Genesys"]

logger = logging.getLogger(__name__)

_QUIET: Final = 10.0
"""Seconds between two log records of refused addresses."""


class Genesys:
    """Asks Genesys Cloud about calls and addresses."""

    Settings = GenesysSettings
    info = PluginInfo(
        summary="Queue, agent and holds of each call from Genesys Cloud, and only its addresses may connect",
        consumes=(ContextChanged,),
        emits=(ContextChanged,),
    )

    def __init__(self, settings: GenesysSettings) -> None:
        self._settings = settings
        self._metrics: GenesysMetrics
        self._client: PlatformClient | None = None
        self._lookups: Lookups | None = None
        self._allowlist: Allowlist | None = None
        self._said_at = float("-inf")
        self._unsaid = 0

    @hookimpl
    async def on_startup(self, server: ServerContext) -> None:
        """Make the client, and read the addresses that the disk has; nobody waits for Genesys."""
        settings = self._settings
        self._metrics = GenesysMetrics(server.meter)
        if settings.has_credentials:
            self._client = PlatformClient(settings, self._metrics)
            if settings.lookup != "off":
                self._lookups = Lookups(self._client, settings, self._metrics)
        if settings.addresses != "off":
            self._allowlist = Allowlist(settings, self._client.get if self._client else None)
            await self._allowlist.start()
        if settings.lookup != "off" and not settings.has_credentials:
            self._say_idle()
        self._show()

    @hookimpl
    async def on_shutdown(self) -> None:
        """Ask no more, and let go of connections."""
        if self._allowlist is not None:
            await self._allowlist.close()
        if self._lookups is not None:
            await self._lookups.close()
        if self._client is not None:
            await self._client.close()

    @hookimpl
    def create_handler(self, session: Session) -> LookupHandler | None:
        """Look up calls, if the settings say so."""
        return LookupHandler(session, self._lookups) if self._settings.lookup != "off" else None

    @hookimpl
    def check_address(self, address: str) -> bool | None:
        """Refuse what is not one of Genesys' addresses; what is one, others may still refuse."""
        if self._allowlist is None:
            return None
        if self._allowlist.allows(address):
            self._metrics.address("allowed")
            return None
        if self._settings.addresses == "log-only":
            self._metrics.address("would_refuse")
            self._say("would be refused", address)
            return None
        self._metrics.address("refused")
        self._say("is refused", address)
        return False

    @hookimpl
    def check_health(self) -> str | None:
        """Tell that the API cannot be reached, or that no address is known."""
        if self._settings.addresses == "enforce" and self._allowlist is not None and not len(self._allowlist):
            return "none of Genesys' addresses is known" + (
                f": {self._allowlist.problem}" if self._allowlist.problem else ""
            )
        if self._settings.health and self._client is not None and self._client.breaker.is_open:
            return self._client.breaker.problem
        return None

    @hookimpl
    def register_commands(self, commands: Commands) -> None:
        """Add `audiohook-fw genesys ranges` and `queue`."""
        commands.add(make_app(self._settings))

    def _say_idle(self) -> None:
        """Say that no call is looked up; loudly when somebody has begun to set up that it is."""
        level = logging.WARNING if self._settings.domain or self._settings.api_url else logging.INFO
        state = "idle: " if self._allowlist is None else ""
        missing = ", ".join(self._settings.missing_credentials)
        logger.log(
            level, "%sno credentials, so no call is looked up: [plugins.genesys] has no %s", state, missing
        )

    def _show(self) -> None:
        gauge = self._metrics.gauge
        if (client := self._client) is not None:
            gauge(
                "genesys.breaker.open", "1", "1 while the API counts as down.", lambda: client.breaker.is_open
            )
            gauge(
                "genesys.waiting",
                "{request}",
                "Requests that wait for the budget.",
                lambda: client.gate.waiting,
            )
        if (lookups := self._lookups) is not None:
            gauge(
                "genesys.conversations",
                "{conversation}",
                "Conversations that are looked at.",
                lambda: lookups.conversations,
            )
        if (allowlist := self._allowlist) is not None:
            gauge("genesys.ranges", "{network}", "Networks that may connect.", lambda: len(allowlist))
            gauge("genesys.ranges.age", "s", "Since Genesys told its addresses.", lambda: allowlist.age)

    def _say(self, what: str, address: str) -> None:
        """Log an address, but not each: anybody can connect as often as he likes."""
        now = asyncio.get_running_loop().time()
        if now - self._said_at < _QUIET:
            self._unsaid += 1
            return
        more = f" (and {self._unsaid} more since the last such line)" if self._unsaid else ""
        self._said_at, self._unsaid = now, 0
        logger.warning("a connection from %s %s: not one of Genesys' addresses%s", address, what, more)
