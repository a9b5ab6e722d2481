"""`Scribe`: listens to the transcripts of one call, and has them written."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import Final

from audiohook_fw import (
    AudiohookError,
    CloseReason,
    Event,
    Session,
    SessionHandler,
    SessionSummary,
    Transcript,
)

from .conversation import Conversation, Snapshot, State
from .disk import Disk
from .files import save
from .formats import line
from .settings import TranscriptsSettings

__all__ = ["Scribe"]

TRIES: Final = (0.0, 1.0, 4.0, 15.0)
"""Seconds before each try to write a call that is over; together below `limits.end_deadline`."""


class Scribe(SessionHandler):
    """One call's conversation.

    Args:
        disk: told what became of each try to write.
    """

    def __init__(self, session: Session, settings: TranscriptsSettings, disk: Disk) -> None:
        self._session = session
        self._settings = settings
        self._disk = disk
        self._changed = False
        self._conversation = Conversation()
        self._rate = 8000 if session.media is None else session.media.rate
        self._writing = asyncio.Lock()
        self._saver: asyncio.Task[None] | None = None

    async def on_event(self, event: Event) -> None:
        """Take a transcript."""
        if not isinstance(event, Transcript) or not self._conversation.add(event):
            return
        if self._settings.print and event.is_final and event.text.strip():
            sys.stdout.write(f"{line(event, self._rate)}\n")
            sys.stdout.flush()
        self._changed = True
        if self._saver is None or self._saver.done():
            self._saver = asyncio.create_task(self._save_soon(), name="transcripts-save")

    async def on_end(self, summary: SessionSummary) -> None:
        """Write the whole conversation, and let go of the task."""
        try:
            async with self._writing:  # an older state must not come after the last one
                await self._stop_saver()
                if len(self._conversation):
                    await self._write_last(
                        "interrupted" if summary.reason is CloseReason.LOST else "complete"
                    )
        finally:
            await self._stop_saver()

    async def _stop_saver(self) -> None:
        saver, self._saver = self._saver, None
        if saver is not None:
            saver.cancel()
            await asyncio.wait({saver})

    async def _save_soon(self) -> None:
        while self._changed:
            await asyncio.sleep(self._settings.save_seconds)
            async with self._writing:
                self._changed = False
                with suppress(OSError):  # which `_write` has told; there will be another time
                    await self._write("running")

    async def _write_last(self, state: State) -> None:
        for seconds in TRIES:
            await asyncio.sleep(seconds)
            with suppress(OSError):
                await self._write(state)
                return
        self._disk.lost()

    async def _write(self, state: State) -> None:
        settings, snapshot = self._settings, self._snapshot(state)
        try:
            await self._session.run_blocking(save, snapshot, settings.directory, settings.formats)
        except OSError as error:
            self._disk.refused(error)
            raise
        except AudiohookError as error:
            self._disk.refused(OSError(0, "too many writes wait for the disk"))
            raise OSError from error
        self._disk.took()

    def _snapshot(self, state: State) -> Snapshot:
        session = self._session
        return Snapshot(
            session_id=session.id,
            conversation_id=session.conversation_id,
            organization_id=session.organization_id,
            started_at=session.started_at,
            language=session.language or "",
            rate=self._rate,
            state=state,
            utterances=self._conversation.utterances(),
            left_out=self._conversation.left_out,
        )
