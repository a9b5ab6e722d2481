"""`SegmentCutter`: cuts a channel into the pieces that an engine is given. It holds no audio and no clock.

Speech events may be late, early, doubled or missing; what was cut is never cut again.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from .output import new_id

__all__ = ["Cut", "SegmentCutter"]

_MOST_SPLITS: Final = 100
"""Splits that are remembered for speech of which is told late: the last ones."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece from index `start` to `end` of the utterance `id`."""

    start: int
    end: int
    id: str


class SegmentCutter:
    """Makes cuts of speech. All positions are indices of received samples.

    Args:
        pre_roll: samples before speech, and half as many after it, that belong to the piece.
        longest: samples after which a piece is cut at its quietest point.
        shortest: what is shorter is no speech.

    Attributes:
        until: everything before it has been cut, or was silence: it is never in a later piece.
        running: start of the piece that goes on, or `None`.
    """

    def __init__(self, *, pre_roll: int, longest: int, shortest: int) -> None:
        self.until = 0
        self.running: int | None = None
        self._id = ""
        self._pre_roll = pre_roll
        self._longest = longest
        self._shortest = shortest
        self._pending: list[Cut] = []  # their audio is still to come
        self._splits: deque[int] = deque(maxlen=_MOST_SPLITS)

    @property
    def needed(self) -> int | None:
        """Index from which audio is needed for the running or a pending piece, or `None`."""
        starts = [cut.start for cut in self._pending]
        return min([*starts, self.running]) if self.running is not None else min(starts, default=None)

    def started(self, start: int) -> None:
        """Speech began at `start`."""
        if self.running is None:
            self.running = self._begin(start)
            self._id = new_id()

    def ended(self, start: int, end: int, available: int) -> list[Cut]:
        """Speech went from `start` to `end`, of which audio up to index `available` is there."""
        begin = self.running
        if begin is None and end <= self.until:
            return []  # told late: a split has cut all of it, and what is behind it is another utterance
        if begin is None:
            begin = self._begin(start)
            self._id = new_id()
        self.running = None
        if end > available:
            self._pending.append(Cut(begin, end, self._id))
            return []
        return self._cut(begin, min(end + self._pre_roll // 2, available, self._split_after(end)), self._id)

    def grown(self, available: int, quietest: Callable[[int, int], int]) -> list[Cut]:
        """Audio came up to `available`; `quietest` finds the quietest index in a stretch."""
        cuts: list[Cut] = []
        while self._pending and self._pending[0].end <= available:
            cut = self._pending.pop(0)
            cuts += self._cut(cut.start, cut.end, cut.id)
        while self.running is not None and available - self.running >= self._longest:
            start, stop = self.running + self._longest * 3 // 4, self.running + self._longest
            cuts += self._go_on(min(max(start, quietest(start, stop)), stop))
        return cuts

    def split(self, at: int) -> list[Cut]:
        """End what goes on at index `at`: a pause, an update or the end. No piece ever goes over it."""
        cuts: list[Cut] = []
        while self._pending:
            cut = self._pending.pop(0)
            cuts += self._cut(cut.start, min(cut.end, at), cut.id)
        if self.running is not None:
            running, self.running = self.running, None
            cuts += self._cut(running, at, self._id)
        if not self._splits or at > self._splits[-1]:
            self._splits.append(at)
        return cuts

    def interim(self, available: int) -> Cut | None:
        """Return the running piece as far as it goes."""
        if self.running is None:
            return None
        end = min(available, self._split_after(self.running + 1))
        return Cut(self.running, end, self._id) if end - self.running >= self._shortest else None

    def _begin(self, start: int) -> int:
        """Return where a piece begins whose speech does at `start`: not before a split that lies before."""
        split = next((split for split in reversed(self._splits) if split <= start), 0)
        return max(self.until, split, start - self._pre_roll)

    def _split_after(self, end: int) -> int:
        """Return the first split at or after `end`, or an index that is never reached."""
        return next((split for split in self._splits if split >= end), sys.maxsize)

    def _go_on(self, at: int) -> list[Cut]:
        assert self.running is not None
        running = self.running
        cuts = self._cut(running, at, self._id)
        self.running = at
        self._id = new_id()
        return cuts

    def _cut(self, start: int, end: int, utterance: str) -> list[Cut]:
        """Return the piece; several where it goes over splits, when it was told after them."""
        start = max(start, self.until)
        self.until = max(self.until, end)
        edges = [start, *(split for split in self._splits if start < split < end), end]
        pieces = [(first, last) for first, last in pairwise(edges) if last - first >= self._shortest]
        return [
            Cut(first, last, utterance if number == 0 else new_id())
            for number, (first, last) in enumerate(pieces)
        ]
