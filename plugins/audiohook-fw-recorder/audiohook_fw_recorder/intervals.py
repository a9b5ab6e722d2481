"""`Intervals`: stretches of call time, kept in order and joined where they touch."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

__all__ = ["Intervals", "Stretch"]

Stretch = tuple[int, int]
"""From a sample to before another one."""


class Intervals:
    """A set of samples, as the fewest stretches that hold it. Adding costs next to nothing, in any order."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, stretches: Iterable[Stretch] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in stretches:
            self.add(start, end)

    def __iter__(self) -> Iterator[Stretch]:
        return zip(self._starts, self._ends, strict=True)

    def __len__(self) -> int:
        return len(self._starts)

    def __repr__(self) -> str:
        return f"Intervals({[*self]})"

    @property
    def end(self) -> int:
        """Where the last one ends; 0 when there is none."""
        return self._ends[-1] if self._ends else 0

    def copy(self) -> Intervals:
        """Return the same stretches; they stay so."""
        same = Intervals()
        same._starts, same._ends = self._starts[:], self._ends[:]
        return same

    def touches(self, start: int, end: int) -> bool:
        """Tell whether adding a stretch would join it to another one."""
        return bisect_left(self._ends, start) < bisect_right(self._starts, end)

    def add(self, start: int, end: int) -> None:
        """Add a stretch; an empty one is none."""
        if end <= start:
            return
        first, last = bisect_left(self._ends, start), bisect_right(self._starts, end)
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def remove(self, start: int, end: int) -> None:
        """Take a stretch away, whatever of it is there."""
        if end <= start:
            return
        first, last = bisect_right(self._ends, start), bisect_left(self._starts, end)
        if first >= last:
            return
        left = [(self._starts[first], start), (end, self._ends[last - 1])]
        left = [(a, b) for a, b in left if a < b]
        self._starts[first:last] = [a for a, _ in left]
        self._ends[first:last] = [b for _, b in left]

    def within(self, start: int, end: int) -> list[Stretch]:
        """Return what there is of a stretch."""
        first, last = bisect_right(self._ends, start), bisect_left(self._starts, end)
        pairs = zip(self._starts[first:last], self._ends[first:last], strict=True)
        return [(max(a, start), min(b, end)) for a, b in pairs]

    def without(self, start: int, end: int) -> list[Stretch]:
        """Return what there is not of a stretch."""
        missing, at = [], start
        for a, b in self.within(start, end):
            if a > at:
                missing.append((at, a))
            at = b
        return [*missing, (at, end)] if at < end else missing
