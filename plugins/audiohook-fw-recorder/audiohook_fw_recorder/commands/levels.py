"""How loud a recording is over its time: peaks for a picture, gathered block by block."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from audiohook_fw.audio import Samples

__all__ = ["Levels", "decibels"]

FULL: Final = 32_768


class Levels:
    """Peaks of each channel in columns of equal length, and the loudness of all.

    Args:
        length: of the call, in samples. columns: at most; a call has no more of them than samples.

    Attributes:
        peaks: of shape (channels, columns), 0 to 32768; -1 where there was no audio.
    """

    def __init__(self, length: int, channels: int, columns: int) -> None:
        self.columns: Final = max(1, min(columns, length))
        self._length = max(1, length)
        self._edges = [-(-column * self._length // self.columns) for column in range(self.columns + 1)]
        self.peaks = np.full((channels, self.columns), -1, np.int32)
        self._squares = np.zeros(channels)
        self._count = 0

    def add(self, start: int, samples: Samples) -> None:
        """Count audio of shape `(n, channels)` that begins at that sample of the call."""
        channels = np.ascontiguousarray(samples[: max(0, self._length - start)].T)  # much faster to look at
        position, end = start, start + channels.shape[1]
        while position < end:
            column = position * self.columns // self._length
            stop = min(end, max(self._edges[column + 1], position + 1))
            part = channels[:, position - start : stop - start]
            highest, lowest = part.max(axis=1).astype(np.int32), part.min(axis=1).astype(np.int32)
            np.maximum(self.peaks[:, column], np.maximum(highest, -lowest), out=self.peaks[:, column])
            position = stop
        for number, row in enumerate(channels.astype(np.float32)):
            self._squares[number] += float(np.dot(row, row))
        self._count += end - start

    def peak(self, channel: int) -> float | None:
        """Return the highest peak in dBFS; nothing for silence."""
        return decibels(float(self.peaks[channel].max()))

    def loudness(self, channel: int) -> float | None:
        """Return the root mean square of all that was added, in dBFS; nothing for silence."""
        return decibels(math.sqrt(self._squares[channel] / self._count)) if self._count else None


def decibels(value: float) -> float | None:
    """Return an amplitude in dBFS; nothing for silence."""
    return 20 * math.log10(value / FULL) if value > 0 else None
