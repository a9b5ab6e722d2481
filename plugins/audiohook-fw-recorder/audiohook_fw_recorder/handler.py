"""One call: its hooks hand audio and events to the writer, and never wait."""

from __future__ import annotations

import logging
from collections.abc import Callable

from audiohook_fw import (
    AudioFrame,
    CloseReason,
    Event,
    Gap,
    PauseOrigin,
    Session,
    SessionHandler,
    SessionSummary,
    Update,
)

from .age import Recipients
from .collected import Collected
from .owner import Owner
from .recording import Recording
from .settings import RecorderSettings
from .sidecar import Sidecar
from .span import REDACTED, SpanCounts, read_span
from .writer import Writer

__all__ = ["RecordingHandler"]

logger = logging.getLogger(__name__)


class RecordingHandler(SessionHandler):
    """Keeps file time equal to call time: whatever is missing becomes silence, and is listed.

    All hooks are plain functions, so they are called inline: that costs a frame less than a lane would, and
    loses none when the disk is slow.

    Args:
        kept: whether something is to be done for the recording after the call.
        window: seconds for which audio waits, since it might have to be silenced.
        counts: where it is counted what becomes of that.
    """

    def __init__(
        self,
        session: Session,
        settings: RecorderSettings,
        owner: Owner,
        writer: Writer,
        *,
        recipients: Recipients | None = None,
        kept: bool = False,
        window: float = 0.0,
        counts: SpanCounts | None = None,
    ) -> None:
        media = session.media
        assert media is not None
        files = Recording(
            settings.directory,
            session.id,
            media,
            owner=owner,
            byte_order=session.byte_order,
            recipients=recipients,
        )
        self._session = session
        self._media = media
        self._margin = settings.redact_margin if settings.redact else None
        self._counts = counts or SpanCounts()
        self._refused = False
        self._collected = Collected(files, Sidecar.of(session), kept=kept, window=window, counts=self._counts)
        self._audio = writer.audio
        self._write = writer.write

    def on_opened(self) -> None:
        """Have both files made, so that a killed server leaves a recording that can be opened."""
        self._tell(Collected.begin)

    def on_audio(self, frame: AudioFrame) -> None:
        """Hand a frame to the writer."""
        self._audio(self._collected, frame)

    def on_pause(self, origin: PauseOrigin, position: int) -> None:
        """Note a pause; all before it goes to the disk now, unless it has to wait for what is redacted."""
        self._tell(lambda collected: collected.event("pause", position, origin=origin))

    def on_resume(self, gap: Gap) -> None:
        """Note the end of a pause."""
        self._tell(lambda collected: collected.event("resume", gap.start + gap.length))
        self._tell(lambda collected: collected.gap(gap, "pause"))

    def on_discarded(self, gap: Gap) -> None:
        """Note audio that the client threw away."""
        self._tell(lambda collected: collected.gap(gap, "discarded"))

    def on_update(self, update: Update, position: int) -> None:
        """Note a change of language."""
        self._tell(lambda collected: collected.event("update", position, language=update.language))

    def on_event(self, event: Event) -> None:
        """Silence what another plugin says was redacted."""
        if self._margin is None or event.event_type != REDACTED:
            return
        try:
            span = read_span(event, self._media, margin=self._margin, position=self._session.position)
        except ValueError as error:
            self._refuse(error)
            return
        self._tell(lambda collected: collected.redact(span))

    def on_close(self, reason: CloseReason) -> None:
        """Have what was collected written; the call may have more to say to others."""
        self._tell(Collected.begin)

    def on_end(self, summary: SessionSummary) -> None:
        """Complete the recording: its length is the call's."""
        tags = dict(self._session.tags)
        self._tell(lambda collected: collected.finish(summary, tags))

    def _refuse(self, error: ValueError) -> None:
        self._counts.refused += 1
        if not self._refused:
            self._refused = True
            logger.error(
                "%s makes no sense, and nothing is silenced: %s",
                REDACTED,
                error,
                extra={"session_id": self._session.id},
            )
        self._tell(Collected.refuse)

    def _tell(self, change: Callable[[Collected], None]) -> None:
        self._write(self._collected, change)
