"""An inline plugin: the level of both sides, measured frame by frame.

All its functions are plain `def`, so they run at once, in the reader: they must be quick and must not wait.
"""

from __future__ import annotations

import logging
import math

import numpy as np

from audiohook_fw import AudioFrame, CloseReason, PluginInfo, Session, SessionHandler, hookimpl

logger = logging.getLogger(__name__)


class LoudnessMeter(SessionHandler):
    """Mean level per channel, in dB of full scale."""

    def __init__(self, session: Session) -> None:
        self._samples = 0
        channels = session.media.channels if session.media is not None else ()
        self._energy = dict.fromkeys(channels, 0.0)

    def on_audio(self, frame: AudioFrame) -> None:
        """Add up the energy of one frame."""
        self._samples += frame.length
        for channel in self._energy:
            samples = frame.channel(channel).astype(np.float64)
            self._energy[channel] += float(samples @ samples)

    def on_close(self, reason: CloseReason) -> None:
        """Log the result; the session's id is added to the record by the server."""
        for channel, level in self.levels().items():
            logger.info("%s: %.1f dBFS", channel, level)

    def levels(self) -> dict[str, float]:
        """Return the mean level of each channel; silence is minus infinity."""
        if not self._samples:
            return {}
        mean = {channel: energy / self._samples for channel, energy in self._energy.items()}
        return {c: 10 * math.log10(m / 32768**2) if m else -math.inf for c, m in mean.items()}


class LoudnessPlugin:
    """Makes one meter per call."""

    info = PluginInfo(summary="Mean level of both sides")

    @hookimpl
    def create_handler(self, session: Session) -> LoudnessMeter:
        """Measure every call."""
        return LoudnessMeter(session)
