"""`ChannelAudio`: the audio of one channel that is still needed, and its place in call time."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

import numpy as np

from .timeline import Timeline
from .types import Samples

__all__ = ["ChannelAudio"]

_NOTHING: Final[Samples] = np.empty(0, np.int16)


class ChannelAudio:
    """Keeps audio from `start` to `end`, indices of received samples (see `Timeline`).

    Attributes:
        start: index of the first sample that is kept.
        timeline: where it lies in call time.
    """

    __slots__ = ("_pieces", "_starts", "start", "timeline")

    def __init__(self) -> None:
        self.timeline = Timeline()
        self.start = 0
        self._starts: list[int] = []
        self._pieces: list[Samples] = []

    @property
    def end(self) -> int:
        """Index right after the last sample received."""
        return self.timeline.end

    def append(self, position: int, samples: Samples) -> None:
        """Take samples (not copied) that begin at call time `position`."""
        if len(samples):
            self._starts.append(self.timeline.end)
            self._pieces.append(samples)
            self.timeline.append(position, len(samples))

    def read(self, start: int, stop: int) -> Samples:
        """Return the samples of a stretch, as far as it is kept; contiguous."""
        start, stop = max(start, self.start), min(stop, self.end)
        if start >= stop:
            return _NOTHING
        first = bisect_right(self._starts, start) - 1
        parts = []
        for at in range(first, len(self._pieces)):
            begin = self._starts[at]
            if begin >= stop:
                break
            parts.append(self._pieces[at][max(0, start - begin) : stop - begin])
        return np.ascontiguousarray(parts[0]) if len(parts) == 1 else np.concatenate(parts)

    def forget(self, index: int) -> None:
        """Let go of what lies before `index`; what lies behind the end is not there to be let go of."""
        index = min(index, self.end)
        if index <= self.start:
            return
        self.start = index
        whole = max(0, bisect_right(self._starts, index) - 1)
        if index == self.end:
            whole = len(self._pieces)
        del self._starts[:whole], self._pieces[:whole]
