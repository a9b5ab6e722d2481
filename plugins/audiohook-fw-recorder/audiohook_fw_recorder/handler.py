"""One call: its hooks collect audio and events, and never wait; the writer's thread does the rest."""

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

from .collected import Collected, Due
from .owner import Owner
from .recording import Recording
from .settings import RecorderSettings
from .sidecar import Sidecar
from .writer import Writer

__all__ = ["RecordingHandler"]


class RecordingHandler(SessionHandler):
    """Keeps file time equal to call time: whatever is missing becomes silence, and is listed.

    All hooks are plain functions, so they are called inline: that costs a frame less than a lane would, and
    loses none when the disk is slow.
    """

    def __init__(self, session: Session, settings: RecorderSettings, owner: Owner, writer: Writer) -> None:
        media = session.media
        assert media is not None
        files = Recording(settings.directory, session.id, media, owner=owner, byte_order=session.byte_order)
        self._session = session
        self._writer = writer
        self._collected = Collected(files, Sidecar.of(session), kept=settings.finishes)
        self._end = 0

    def on_opened(self) -> None:
        """Have both files made, so that a killed server leaves a recording that can be opened."""
        self._writer.write(self._collected)

    def on_audio(self, frame: AudioFrame) -> None:
        """Collect a frame."""
        missing = frame.position - self._end
        if missing > 0:
            self._collected.silence(missing)
        self._end = frame.position + frame.length
        due = self._collected.audio(frame.payload, frame.length)
        if due is Due.LATER:
            self._writer.write_later(self._collected)
        elif due is Due.NOW:
            self._writer.write(self._collected)

    def on_pause(self, origin: PauseOrigin, position: int) -> None:
        """Note a pause; all before it goes to the disk now."""
        self._collected.event("pause", position, origin=origin)
        self._writer.write(self._collected)

    def on_resume(self, gap: Gap) -> None:
        """Note the end of a pause."""
        self._collected.event("resume", gap.start + gap.length)
        self._note(gap, "pause")

    def on_discarded(self, gap: Gap) -> None:
        """Note audio that the client threw away."""
        self._note(gap, "discarded")

    def on_update(self, update: Update, position: int) -> None:
        """Note a change of language."""
        self._collected.event("update", position, language=update.language)
        self._writer.write(self._collected)

    def on_close(self, reason: CloseReason) -> None:
        """Have what was collected written; the call may have more to say to others."""
        self._writer.write(self._collected)

    def on_end(self, summary: SessionSummary) -> None:
        """Complete the recording: its length is the call's."""
        if summary.position > self._end:
            self._collected.silence(summary.position - self._end)
        self._collected.finish(summary, from_=self._end, tags=self._session.tags)
        self._writer.write(self._collected)

    def _note(self, gap: Gap, cause: str) -> None:
        if gap.length:
            self._collected.gap(gap.start, gap.length, cause, clamped=gap.clamped)
        self._writer.write(self._collected)
