"""`Listening`: pauses for silence, and listens again from time to time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from audiohook_fw import AudioFrame, MediaFormat

from .control import PauseControl
from .reasons import Reason
from .settings import PauseSettings
from .silence import silence_test

__all__ = ["Listening"]


class Listening:
    """Counts silent samples of one call. Per frame it does one pass over the bytes, and adds a number.

    After `silence` seconds it pauses. Nothing can hear speech return then, so `silence_recheck` seconds later
    the stream goes on: when all of the next `silence_listen` seconds is silent it pauses again, and at the
    first sound it waits for a whole `silence` again.
    """

    def __init__(self, settings: PauseSettings, media: MediaFormat, control: PauseControl) -> None:
        assert settings.silence is not None
        self._control = control
        self._is_silent: Callable[[AudioFrame], bool] = silence_test(media, settings.silence_level)
        self._patience = int(settings.silence * media.rate)
        self._sample = int(settings.silence_listen * media.rate)
        self._recheck = settings.silence_recheck
        self._silent = 0
        self._limit = self._patience
        self._timer: asyncio.TimerHandle | None = None

    def hear(self, frame: AudioFrame) -> None:
        """Take a frame."""
        if not self._is_silent(frame):
            self._silent = 0
            self._limit = self._patience
            if self._timer is not None:  # it was under way when we asked for the pause
                self.stop()
                self._control.want(Reason.SILENCE, False)
        elif self._timer is None:
            self._silent += frame.length
            if self._silent >= self._limit:
                self._timer = asyncio.get_running_loop().call_later(self._recheck, self._listen)
                self._control.want(Reason.SILENCE, True)

    def stop(self) -> None:
        """Let go of the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _listen(self) -> None:
        self._timer = None
        self._silent = 0
        self._limit = min(self._sample, self._patience)
        self._control.want(Reason.SILENCE, False)
