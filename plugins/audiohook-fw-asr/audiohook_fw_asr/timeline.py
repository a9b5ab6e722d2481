"""`Timeline`: where the audio of a channel lies in call time, to the sample.

The samples of a channel that were received are counted from 0, pauses and discards left out: that count is
the *index* of a sample. What an engine is given has no gaps, so its times are indices; call time has gaps.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Final

__all__ = ["Timeline"]

_MOST: Final = 10_000
"""Gaps that are remembered: the last ones."""


class Timeline:
    """Maps indices of received samples to call time and back.

    Attributes:
        end: index right after the last sample received.
    """

    __slots__ = ("_indices", "_next", "_positions", "end")

    def __init__(self) -> None:
        self.end = 0
        self._indices = [0]
        self._positions = [0]
        self._next = 0

    def append(self, position: int, length: int) -> None:
        """Note that `length` samples came that begin at call time `position`."""
        if position != self._next:
            if self._indices[-1] == self.end:
                self._positions[-1] = position
            else:
                self._indices.append(self.end)
                self._positions.append(position)
                if len(self._indices) > _MOST:
                    del self._indices[: _MOST // 2], self._positions[: _MOST // 2]
        self.end += length
        self._next = position + length

    def start_of(self, index: int) -> int:
        """Return the call time at which a stretch begins whose first sample is at `index`."""
        piece = max(0, bisect_right(self._indices, index) - 1)
        return max(0, self._positions[piece] + index - self._indices[piece])

    def end_of(self, index: int) -> int:
        """Return the call time at which a stretch ends whose last sample is right before `index`."""
        piece = max(0, bisect_left(self._indices, index) - 1)
        return max(0, self._positions[piece] + index - self._indices[piece])

    def index_of(self, position: int) -> int:
        """Return the index of the first sample at or after a call time, at most `end`."""
        piece = max(0, bisect_right(self._positions, position) - 1)
        index = self._indices[piece] + max(0, position - self._positions[piece])
        stop = self._indices[piece + 1] if piece + 1 < len(self._indices) else self.end
        return min(index, stop)
