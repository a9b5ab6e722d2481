"""The plugin: checks its directory at start, and makes one scribe per call."""

from __future__ import annotations

import asyncio
import logging

from audiohook_fw import PluginError, PluginInfo, ServerContext, Session, Transcript, hookimpl

from .disk import Disk, why
from .files import erase, prepare
from .handler import Scribe
from .settings import TranscriptsSettings

__all__ = ["Transcripts"]

logger = logging.getLogger(__name__)


class Transcripts:
    """Writes down what was said in every call that somebody transcribes."""

    Settings = TranscriptsSettings
    info = PluginInfo(summary="Conversations as text, JSON and WebVTT", consumes=(Transcript,))

    def __init__(self, settings: TranscriptsSettings) -> None:
        self._settings = settings
        self._disk = Disk(settings.directory)

    @hookimpl
    async def on_startup(self, server: ServerContext) -> None:
        """Make the directory, and see that it takes files."""
        directory = self._settings.directory
        try:
            await asyncio.to_thread(prepare, directory)
        except OSError as error:
            raise PluginError(
                "transcripts", f"{directory}: {why(error)}; mend it, or set plugins.transcripts.directory"
            ) from error
        if self._settings.print:
            logger.warning("plugins.transcripts.print shows personal data: for demonstrations only")

    @hookimpl
    def create_handler(self, session: Session) -> Scribe:
        """Write down every call."""
        return Scribe(session, self._settings, self._disk)

    @hookimpl
    async def on_erase(self, conversation_id: str) -> int:
        """Delete the files of a conversation; of a call that runs what there is, and say so."""
        try:
            erased = await asyncio.to_thread(erase, self._settings.directory, conversation_id)
        except OSError as error:
            raise PluginError(
                "transcripts", f"{error.filename or self._settings.directory}: {why(error)}"
            ) from error
        if erased.running:
            raise PluginError(
                "transcripts",
                "a call of it may still run, and be written again at its end: what there was is deleted; "
                "erase once more when the call is over",
            )
        return erased.files

    @hookimpl
    def check_health(self) -> str | None:
        """Say so while conversations cannot be written."""
        return self._disk.problem
