"""One call: collects half a second of audio, then has a worker thread write it. Never blocks the loop."""

from __future__ import annotations

import logging
from typing import Final

from audiohook_fw import (
    AudioFrame,
    CloseReason,
    Gap,
    PauseOrigin,
    Session,
    SessionHandler,
    SessionSummary,
    Update,
)

from .recording import Recording
from .settings import RecorderSettings
from .sidecar import Sidecar

__all__ = ["RecordingHandler"]

logger = logging.getLogger(__name__)

KEPT_SECONDS: Final = 30
"""Audio that is kept in memory while the disk refuses it."""
RETRY_SECONDS: Final = 1
"""Call time between two tries then."""


class RecordingHandler(SessionHandler):
    """Keeps file time equal to call time: whatever is missing becomes silence, and is listed."""

    def __init__(self, session: Session, settings: RecorderSettings) -> None:
        assert session.media is not None
        self._session = session
        self._sidecar = Sidecar.of(session)
        self._recording = Recording(
            settings.directory, session.id, session.media, byte_order=session.byte_order
        )
        self._limit = max(1, int(settings.flush_seconds * session.media.rate))
        self._pieces: list[bytes | int] = []
        self._media = session.media
        self._due = self._limit
        self._end = 0

    async def on_opened(self) -> None:
        """Make both files, so that a killed server leaves a recording that can be opened."""
        await self._save()

    async def on_audio(self, frame: AudioFrame) -> None:
        """Collect a frame."""
        missing = frame.position - self._end
        if missing > 0:
            if frame.dropped_before:
                self._sidecar.gap(frame.position - frame.dropped_before, frame.dropped_before, "overflow")
            self._collect(missing, missing)
        self._collect(frame.payload, frame.length)
        if self._end >= self._due:
            await self._flush()

    async def on_pause(self, origin: PauseOrigin, position: int) -> None:
        """Note a pause; all before it goes to the disk now."""
        self._sidecar.event("pause", position, origin=origin)
        await self._save()

    async def on_resume(self, gap: Gap) -> None:
        """Note the end of a pause."""
        self._sidecar.event("resume", gap.start + gap.length)
        self._note(gap, "pause")
        await self._save()

    async def on_discarded(self, gap: Gap) -> None:
        """Note audio that the client threw away."""
        self._note(gap, "discarded")
        await self._save()

    async def on_update(self, update: Update, position: int) -> None:
        """Note a change of language."""
        self._sidecar.event("update", position, language=update.language)
        await self._save()

    async def on_close(self, reason: CloseReason) -> None:
        """Write what was collected; the call may have more to say to others."""
        await self._flush()

    async def on_end(self, summary: SessionSummary) -> None:
        """Complete the recording: its length is the call's."""
        if summary.position > self._end:
            self._sidecar.rest(self._end, summary.position)
            self._collect(summary.position - self._end, summary.position - self._end)
        dropped = self._session.delivery.dropped + self._session.delivery.refused
        self._sidecar.complete(summary, overflow=dropped)
        await self._save()
        await self._session.run_blocking(self._recording.close)

    def _note(self, gap: Gap, cause: str) -> None:
        if gap.length:
            self._sidecar.gap(gap.start, gap.length, cause, clamped=gap.clamped)

    def _collect(self, piece: bytes | int, samples: int) -> None:
        self._pieces.append(piece)
        self._end += samples

    async def _flush(self) -> None:
        """Write what was collected. What the disk refuses is kept for a while, and tried again."""
        try:
            if self._pieces:
                await self._session.run_blocking(self._recording.write, self._pieces)
            self._due = self._end + self._limit
        except OSError as error:
            self._refused(error)

    async def _save(self) -> None:
        """Write audio, then the sidecar that tells of it."""
        await self._flush()
        try:
            await self._session.run_blocking(self._recording.save, self._sidecar)
        except OSError as error:
            self._refused(error)

    def _refused(self, error: OSError) -> None:
        """Keep the newest audio; what is too old becomes silence, and is listed."""
        self._due = self._end + RETRY_SECONDS * self._media.rate
        if self._sidecar.refused(type(error).__name__, error.errno):
            logger.error("the recording cannot be written (%s); trying again", error.strerror)
        position = self._end - sum(self._samples(piece) for piece in self._pieces)
        oldest = self._end - KEPT_SECONDS * self._media.rate
        for index, piece in enumerate(self._pieces):
            if position >= oldest:
                break
            length = self._samples(piece)
            if isinstance(piece, bytes):
                self._pieces[index] = length
                self._sidecar.gap(position, length, "disk")
            position += length

    def _samples(self, piece: bytes | int) -> int:
        return piece if isinstance(piece, int) else self._media.samples(len(piece))
