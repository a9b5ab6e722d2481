"""The plugin: one handler per call, all of it inline."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from audiohook_fw import (
    AudioFrame,
    AudioWish,
    CloseReason,
    PluginInfo,
    Session,
    SessionHandler,
    hookimpl,
)

from .events import TalkRatioMeasured

__all__ = ["TalkRatio", "TalkRatioSettings"]

WINDOW = 160
"""Samples that are judged together: 20 ms."""


class TalkRatioSettings(BaseModel):
    """The section `[plugins.talk_ratio]`."""

    model_config = ConfigDict(extra="forbid")

    threshold_db: float = Field(
        default=-40.0, ge=-90, le=0, description="Level above which a channel counts as talking, dBFS."
    )


class TalkRatioHandler(SessionHandler):
    """Counts the windows in which each side is heard."""

    def __init__(self, session: Session, settings: TalkRatioSettings) -> None:
        self._session = session
        self._threshold = (32768 * 10 ** (settings.threshold_db / 20)) ** 2
        self._heard = {"external": 0, "internal": 0}
        self._windows = 0

    def on_audio(self, frame: AudioFrame) -> None:
        """Judge whole windows of one frame; a rest shorter than a window does not count."""
        windows = frame.length // WINDOW
        self._windows += windows
        for channel in frame.media.channels:
            samples = frame.channel(channel)[: windows * WINDOW].astype(np.float64)
            power = (samples.reshape(windows, WINDOW) ** 2).mean(axis=1)
            self._heard[channel] += int((power > self._threshold).sum())

    def on_close(self, reason: CloseReason) -> None:
        """Tell the others."""
        total = max(1, self._windows)
        shares = {channel: heard / total for channel, heard in self._heard.items()}
        self._session.emit(TalkRatioMeasured(**shares))


class TalkRatio:
    """Measures every call with audio."""

    Settings = TalkRatioSettings
    info = PluginInfo(summary="Who talks how much", emits=(TalkRatioMeasured,), audio=AudioWish())

    def __init__(self, settings: TalkRatioSettings) -> None:
        self._settings = settings

    @hookimpl
    def create_handler(self, session: Session) -> TalkRatioHandler | None:
        """Measure calls that have audio."""
        return TalkRatioHandler(session, self._settings) if session.media is not None else None
