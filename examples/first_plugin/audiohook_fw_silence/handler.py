"""One call. All hooks are plain functions, so they are called inline: they must be quick and never wait."""

from __future__ import annotations

import logging

import numpy as np
from audiohook_fw import AudioFrame, CloseReason, Session, SessionHandler

from .events import SilenceMeasured
from .settings import SilenceSettings

__all__ = ["SilenceCall"]

logger = logging.getLogger(__name__)


class SilenceCall(SessionHandler):
    """Counts the silent samples of each side."""

    def __init__(self, session: Session, settings: SilenceSettings) -> None:
        self._session = session
        self._threshold = settings.threshold
        self._silent = dict.fromkeys(session.media.channels if session.media else (), 0)
        self._total = 0

    def on_audio(self, frame: AudioFrame) -> None:
        """Count one frame."""
        self._total += frame.length
        for channel in self._silent:
            loudness = np.abs(frame.channel(channel).astype(np.int32))
            self._silent[channel] += int((loudness <= self._threshold).sum())

    def on_close(self, reason: CloseReason) -> None:
        """Tell the others, and the log."""
        for channel, samples in self._silent.items():
            share = samples / max(1, self._total)
            self._session.emit(SilenceMeasured(channel=channel, share=share))
            logger.info("%s was silent for %.0f %%", channel, 100 * share)
