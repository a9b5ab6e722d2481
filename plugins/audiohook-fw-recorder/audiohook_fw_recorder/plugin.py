"""The plugin: checks its directory at start, makes one handler per call with audio."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from pathlib import Path
from typing import Final

from audiohook_fw import AudioWish, Commands, PluginError, PluginInfo, ServerContext, Session, hookimpl

from .age_spool import SEGMENT_DELAY
from .encryption import Encryption
from .formats import FormatMissingError, require
from .handler import RecordingHandler
from .owner import Owner
from .settings import RecorderSettings
from .writer import Writer

__all__ = ["Recorder"]

logger = logging.getLogger(__name__)

SHUTDOWN_SECONDS: Final = 8.0
"""How long the last writes may take when the server ends; less than `limits.shutdown_timeout`."""


class Recorder:
    """Records every call that has audio."""

    Settings = RecorderSettings
    info = PluginInfo(summary="One WAV and one JSON sidecar per call", audio=AudioWish())

    def __init__(self, settings: RecorderSettings) -> None:
        self._settings = settings
        self._owner = Owner(settings.directory)
        self._encryption = None if settings.encryption is None else Encryption(settings.encryption)
        delay = settings.flush_seconds if self._encryption is None else SEGMENT_DELAY
        self._writer = Writer(delay, settings.memory_bytes)

    @hookimpl
    async def on_startup(self, server: ServerContext) -> None:
        """Make the directory, and see that it takes files, and that their format can be made."""
        await asyncio.to_thread(_check, self._settings, self._owner)

    @hookimpl
    def create_handler(self, session: Session) -> RecordingHandler | None:
        """Record calls that have audio."""
        if session.media is None:
            return None
        recipients = (
            None if self._encryption is None else self._encryption.recipients(session.organization_id)
        )
        return RecordingHandler(session, self._settings, self._owner, self._writer, recipients=recipients)

    @hookimpl
    def register_commands(self, commands: Commands) -> None:
        """Offer `audiohook-fw recordings`."""
        from .commands import make_app  # which a server has no use for

        commands.add(make_app(self._settings), name="recordings")

    @hookimpl
    async def on_shutdown(self) -> None:
        """Have the rest of all recordings written."""
        if not await asyncio.to_thread(self._writer.stop, SHUTDOWN_SECONDS):
            logger.error("the disk takes too long: the ends of some recordings are not written")
        else:
            await asyncio.to_thread(self._owner.release)


def _check(settings: RecorderSettings, owner: Owner) -> None:
    directory = settings.directory
    try:
        require(settings.format)
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
