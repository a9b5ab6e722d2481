"""`SegmentCutter`: cuts a channel into the pieces that an engine is given. It holds no audio and no clock.

Speech events may be late, early, doubled or missing; what was cut is never cut again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .output import new_id

__all__ = ["Cut", "SegmentCutter"]


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

    @property
    def needed(self) -> int | None:
        """Index from which audio is needed for the running or a pending piece, or `None`."""
        starts = [cut.start for cut in self._pending]
        return min([*starts, self.running]) if self.running is not None else min(starts, default=None)

    def started(self, start: int) -> None:
        """Speech began at `start`."""
        if self.running is None:
            self.running = max(self.until, start - self._pre_roll)
            self._id = new_id()

    def ended(self, start: int, end: int, available: int) -> list[Cut]:
        """Speech went from `start` to `end`, of which audio up to index `available` is there."""
        begin = self.running
        if begin is None and end <= self.until:
            return []  # told late: a split has cut all of it, and what is behind it is another utterance
        if begin is None:
            begin = max(self.until, start - self._pre_roll)
            self._id = new_id()
        self.running = None
        if end > available:
            self._pending.append(Cut(begin, end, self._id))
            return []
        return self._cut(begin, min(end + self._pre_roll // 2, available), self._id)

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
        """End what goes on at index `at`: a pause, an update or the end; no speech goes on after it."""
        cuts: list[Cut] = []
        while self._pending:
            cut = self._pending.pop(0)
            cuts += self._cut(cut.start, min(cut.end, at), cut.id)
        if self.running is not None:
            running, self.running = self.running, None
            cuts += self._cut(running, at, self._id)
        self.until = max(self.until, at)
        return cuts

    def interim(self, available: int) -> Cut | None:
        """Return the running piece as far as it goes."""
        if self.running is None or available - self.running < self._shortest:
            return None
        return Cut(self.running, available, self._id)

    def _go_on(self, at: int) -> list[Cut]:
        assert self.running is not None
        running = self.running
        cuts = self._cut(running, at, self._id)
        self.running = at
        self._id = new_id()
        return cuts

    def _cut(self, start: int, end: int, utterance: str) -> list[Cut]:
        start = max(start, self.until)
        self.until = max(self.until, end)
        return [Cut(start, end, utterance)] if end - start >= self._shortest else []
