"""The plugin: one ledger per process, one handler per call."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from audiohook_fw import Commands, ContextChanged, PluginInfo, ServerContext, Session, hookimpl

from .call import ListeningCall, MeteredCall
from .cli import make_app
from .erasing import erase
from .ledger import Ledger
from .metrics import make_instruments
from .settings import CostSettings

__all__ = ["Cost"]

logger = logging.getLogger(__name__)

SHUTDOWN_SECONDS: Final = 8.0
"""How long the last writes may take when the server ends; less than `limits.shutdown_timeout`."""


class Cost:
    """Meters every call, and pauses streams that nobody needs where that is configured."""

    Settings = CostSettings
    info = PluginInfo(
        summary="Pauses streams that nobody needs, and meters what calls cost", consumes=(ContextChanged,)
    )

    def __init__(self, settings: CostSettings) -> None:
        self._settings = settings
        self._ledger = Ledger(settings)

    @hookimpl
    async def on_startup(self, server: ServerContext) -> None:
        """Make or open the database, and see what today cost already."""
        ledger = self._ledger
        ledger.budgets.start(ledger.day, await asyncio.to_thread(ledger.load))
        make_instruments(server.meter, ledger)

    @hookimpl
    def register_commands(self, commands: Commands) -> None:
        """Offer `audiohook-fw cost`."""
        commands.add(make_app(self._settings))

    @hookimpl
    def create_handler(self, session: Session) -> MeteredCall:
        """Meter a call; listen to it only where silences are to be paused."""
        listens = self._settings.pause.silence is not None and session.media is not None
        return (ListeningCall if listens else MeteredCall)(session, self._settings, self._ledger)

    @hookimpl
    def check_health(self) -> str | None:
        """Say so when figures cannot be saved."""
        return self._ledger.writer.problem

    @hookimpl
    async def on_erase(self, conversation_id: str) -> int:
        """Make the calls of a conversation nobody's, also those that are saved later."""
        return await asyncio.to_thread(erase, self._settings.database, conversation_id)

    @hookimpl
    async def on_shutdown(self) -> None:
        """Have the last figures written."""
        if not await asyncio.to_thread(self._ledger.writer.stop, SHUTDOWN_SECONDS):
            logger.error("%d calls were not saved: the database takes too long", self._ledger.writer.waiting)
