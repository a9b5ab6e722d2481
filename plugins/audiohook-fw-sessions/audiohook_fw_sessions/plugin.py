"""The plugin: one writer per process, one handler per call."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from audiohook_fw import (
    Accept,
    Commands,
    Event,
    PluginError,
    PluginInfo,
    RecordingFinished,
    Reject,
    Routes,
    ServerContext,
    Session,
    StashKey,
    hookimpl,
)

from .address import require_driver
from .api import Api
from .call import RecordedCall
from .erasing import erase
from .failures import is_final, reason_of
from .kept import recording_row
from .metrics import make_instruments
from .settings import SessionsSettings
from .writer import Writer

__all__ = ["Sessions"]

logger = logging.getLogger(__name__)

STARTUP_SECONDS: Final = 8.0
"""How long the database may take at start; then the journal has to do until it answers."""
SHUTDOWN_SECONDS: Final = 7.0
"""How long the last writes may take when the server ends; less than `limits.shutdown_timeout`."""

_CALL: Final = StashKey[RecordedCall]()


class Sessions:
    """Keeps what happens in every call in a database."""

    Settings = SessionsSettings
    info = PluginInfo(summary="Keeps what happened in every call in a database, to be listed and searched")

    def __init__(self, settings: SessionsSettings) -> None:
        self._settings = settings
        self._node = ""
        self._writer = Writer(
            settings.address,
            journal=settings.journal,
            journal_bytes=settings.journal_bytes,
            delay=settings.flush_seconds,
            retention_days=settings.retention_days,
        )
        self._api = Api(settings.address)

    @hookimpl
    async def on_startup(self, server: ServerContext) -> None:
        """Bring the tables up to date; a database that is down is waited for while calls go on."""
        self._node = server.node
        try:
            require_driver(self._settings.address)
        except ModuleNotFoundError as error:
            raise PluginError("sessions", str(error)) from None
        tried = self._writer.start()
        make_instruments(server.meter, self._writer)
        try:
            problem = await asyncio.to_thread(tried.result, STARTUP_SECONDS)
        except TimeoutError:
            logger.warning("the session database takes long; rows wait in the journal")
            return
        if problem is not None and is_final(problem):
            await asyncio.to_thread(self._writer.stop, 1.0)
            raise PluginError(
                "sessions", f"the database of plugins.sessions.url cannot be used: {reason_of(problem)}"
            )

    @hookimpl
    def register_routes(self, routes: Routes) -> None:
        """Offer the read-only API on the admin port."""
        self._api.register(routes)

    @hookimpl
    def register_commands(self, commands: Commands) -> None:
        """Offer `audiohook-fw sessions`."""
        from .cli import make_app  # which a server has no use for

        commands.add(make_app(self._settings))

    @hookimpl
    def on_decided(self, session: Session, decision: Accept | Reject) -> None:
        """Write every call that is decided, rejected ones too."""
        self._call(session).decided(decision)

    @hookimpl
    def create_handler(self, session: Session) -> RecordedCall:
        """Write what happens in a call."""
        return self._call(session)

    @hookimpl
    async def on_announced(self, event: Event) -> None:
        """Write a finished recording; return when the journal has it, so that it is told until then."""
        if not isinstance(event, RecordingFinished):
            return
        is_taken = self._writer.put("recordings", recording_row(event))
        if not is_taken or not await asyncio.wrap_future(self._writer.kept()):
            raise PluginError("sessions", "the journal has no room for a recording")

    @hookimpl
    def check_health(self) -> str | None:
        """Say so when rows cannot be written."""
        return self._writer.problem

    @hookimpl
    async def on_erase(self, conversation_id: str) -> int:
        """Delete the rows of a conversation, also those that come later."""
        return await erase(self._settings, conversation_id)

    @hookimpl
    async def on_shutdown(self) -> None:
        """Have the last rows written."""
        await self._api.close()
        left = await asyncio.to_thread(self._writer.stop, SHUTDOWN_SECONDS)
        if left:
            logger.warning("%d bytes wait in %s for the next start", left, self._settings.journal)

    def _call(self, session: Session) -> RecordedCall:
        call = session.stash.get(_CALL, None)
        if call is None:
            call = session.stash[_CALL] = RecordedCall(session, self._settings, self._writer, self._node)
        return call
