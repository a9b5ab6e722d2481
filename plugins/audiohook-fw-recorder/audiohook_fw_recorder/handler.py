"""One call: collects half a second of audio, then has a worker thread write it. Never blocks the loop."""

from __future__ import annotations

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


class RecordingHandler(SessionHandler):
    """Keeps file time equal to call time: whatever is missing becomes silence, and is listed."""

    def __init__(self, session: Session, settings: RecorderSettings) -> None:
        assert session.media is not None
        self._session = session
        self._sidecar = Sidecar.of(session)
        self._recording = Recording(settings.directory, session.id, session.media)
        self._limit = max(1, int(settings.flush_seconds * session.media.rate))
        self._pieces: list[bytes | int] = []
        self._pending = 0
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
        if self._pending >= self._limit:
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
        self._pending += samples
        self._end += samples

    async def _flush(self) -> None:
        """Write what was collected; it is kept and tried again when the disk refuses."""
        while self._pieces:
            await self._session.run_blocking(self._recording.write, self._pieces)
            self._pending = 0

    async def _save(self) -> None:
        """Write audio, then the sidecar that tells of it."""
        await self._flush()
        await self._session.run_blocking(self._recording.save, self._sidecar)
