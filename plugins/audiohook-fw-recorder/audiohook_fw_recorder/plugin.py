"""The plugin: checks its directory at start, makes one handler per call with audio."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
import time
from pathlib import Path
from typing import Final

from audiohook_fw import AudioWish, Commands, PluginError, PluginInfo, ServerContext, Session, hookimpl

from .age_spool import SEGMENT_DELAY
from .announcing import Announcer
from .encryption import Encryption
from .erase import EraseError, erase, open_store
from .finish import Finisher
from .formats import FormatMissingError, require
from .handler import RecordingHandler
from .metrics import make_instruments
from .owner import Owner
from .retention import Retention
from .settings import RecorderSettings
from .span import REDACTED, SpanCounts
from .store import Store
from .store_settings import StoreSettings
from .writer import Writer

__all__ = ["Recorder"]

logger = logging.getLogger(__name__)

SHUTDOWN_SECONDS: Final = 8.0
"""How long the last writes may take when the server ends; less than `limits.shutdown_timeout`."""


RETENTION_SECONDS: Final = 1.0
"""How long its thread is waited for; a store that hangs holds nobody up."""


class Recorder:
    """Records every call that has audio."""

    Settings = RecorderSettings
    info = PluginInfo(
        summary="One WAV and one JSON sidecar per call",
        audio=AudioWish(),
        consumes=(REDACTED,),
        optional=(REDACTED,),
    )

    def __init__(self, settings: RecorderSettings) -> None:
        self._settings = settings
        self._owner = Owner(settings.directory)
        self._encryption = None if settings.encryption is None else Encryption(settings.encryption)
        delay = settings.flush_seconds if self._encryption is None else SEGMENT_DELAY
        self._writer = Writer(delay, settings.memory_bytes, owner=self._owner, closed=self._closed)
        self._announcer = Announcer()
        self._spans = SpanCounts()
        self._server: ServerContext | None = None
        self._finisher: Finisher | None = None
        self._retention = Retention.of(self._settings)

    def _closed(self, stem: str) -> None:
        if self._finisher is not None:
            self._finisher.submit(stem)

    @hookimpl
    async def on_startup(self, server: ServerContext) -> None:
        """Make the directory, see that it takes files and that all can be done with them; sweep it."""
        await asyncio.to_thread(_check, self._settings.directory, self._owner, self._settings.format)
        store = await asyncio.to_thread(_open, self._settings.store)
        self._server = server
        self._announcer = Announcer(server)
        self._finisher = Finisher(self._settings, self._owner, store, self._announcer)
        make_instruments(server.meter, self._writer, self._finisher, self._spans)
        self._finisher.sweep()
        if self._retention is not None:
            self._retention.start()

    @hookimpl
    def create_handler(self, session: Session) -> RecordingHandler | None:
        """Record calls that have audio."""
        if session.media is None:
            return None
        recipients = (
            None if self._encryption is None else self._encryption.recipients(session.organization_id)
        )
        return RecordingHandler(
            session,
            self._settings,
            self._owner,
            self._writer,
            recipients=recipients,
            kept=self._settings.finishes or self._announcer.is_heard,
            window=self._window,
            counts=self._spans,
        )

    @property
    def _window(self) -> float:
        """Seconds for which audio has to wait for what is redacted in it: it cannot be silenced later."""
        if self._encryption is None or not self._settings.redact:
            return 0.0
        told = self._server is not None and self._server.is_emitted(REDACTED)
        return self._settings.redact_window if told else 0.0

    @hookimpl
    def register_commands(self, commands: Commands) -> None:
        """Offer `audiohook-fw recordings` and `audiohook-fw replay`."""
        from .commands import make_app, make_replay  # which a server has no use for

        commands.add(make_app(self._settings, commands), name="recordings")
        commands.add(make_replay(self._settings), name="replay")

    @hookimpl
    async def on_erase(self, conversation_id: str) -> int:
        """Delete the files and objects of a conversation; what is recorded just now is refused."""
        directory = self._settings.directory
        try:
            store = await asyncio.to_thread(open_store, self._settings.store)
            removed = await asyncio.to_thread(erase, directory, store, conversation_id)
        except OSError as error:
            problem = f"{error.filename or directory}: {error.strerror or type(error).__name__}"
            raise PluginError("recorder", problem) from error
        except EraseError as error:
            raise PluginError("recorder", str(error)) from error
        return removed.files + removed.objects

    @hookimpl
    def check_health(self) -> str | None:
        """Say so when recordings cannot be written, or could not be finished for long."""
        if (problem := self._writer.disk.problem) is not None or self._finisher is None:
            return problem
        return self._finisher.problem

    @hookimpl
    async def on_shutdown(self) -> None:
        """Have the rest of all recordings written, and finished as far as time allows."""
        await asyncio.to_thread(self._stop, time.monotonic() + SHUTDOWN_SECONDS)

    def _stop(self, deadline: float) -> None:
        if self._retention is not None:
            self._retention.stop(RETENTION_SECONDS)
        written = self._writer.stop(deadline - time.monotonic())
        if not written:
            logger.error("the disk takes too long: the ends of some recordings are not written")
        finished = self._finisher is None or self._finisher.stop(max(0.5, deadline - time.monotonic()))
        if written and finished:  # else a thread of this process may still be at work on one of them
            self._owner.release()


def _open(settings: StoreSettings) -> Store | None:
    if not settings.url:
        return None
    try:
        return Store(settings)
    except ImportError as error:
        problem = (
            "a store needs obstore: pip install 'audiohook-fw-recorder[store]', or take out recorder.store"
        )
        raise PluginError("recorder", problem) from error
    except ValueError as error:
        raise PluginError("recorder", f"plugins.recorder.store cannot be used: {error}") from error
    except OSError as error:
        problem = (
            f"{error.filename or settings.url}: {error.strerror}; mend it, or set plugins.recorder.store"
        )
        raise PluginError("recorder", problem) from error


def _check(directory: Path, owner: Owner, format_: str) -> None:
    try:
        require(format_)
    except FormatMissingError as error:
        raise PluginError("recorder", f"{error}; or set plugins.recorder.format") from None
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=directory, prefix=".check-")
        os.close(descriptor)
        Path(name).unlink()
        owner.hold()
    except OSError as error:
        problem = f"cannot write to {directory}: {error.strerror}; set plugins.recorder.directory"
        raise PluginError("recorder", problem) from error
