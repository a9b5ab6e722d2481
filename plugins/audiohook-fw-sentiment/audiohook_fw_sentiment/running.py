"""`RunningMean`: the mood of one channel so far."""

from __future__ import annotations

from typing import Final

__all__ = ["RunningMean"]

_SHORTEST: Final = 1
_LONGEST: Final = 10
"""Seconds that an utterance counts for: a single word says something, a long tale no more than its part."""


class RunningMean:
    """A mean of scores, weighted by the length of utterances, in which old ones fade.

    What was said half a life earlier counts half. The order of adding does not matter.

    Args:
        half_life: samples of call time.
        rate: samples per second.
    """

    __slots__ = ("_at", "_half_life", "_rate", "_total", "_weight", "end", "start")

    def __init__(self, half_life: float, rate: int) -> None:
        self._half_life = half_life
        self._rate = rate
        self._total = 0.0
        self._weight = 0.0
        self._at = 0
        self.start = 0
        self.end = 0

    @property
    def score(self) -> float:
        """The mean, from -1 to 1; 0.0 before anything was added."""
        return max(-1.0, min(1.0, self._total / self._weight)) if self._weight else 0.0

    def add(self, score: float, *, start: int, length: int) -> None:
        """Take in an utterance; `start` and `length` are samples of call time."""
        end = start + length
        self.start = min(self.start, start) if self._weight else start
        self.end = max(self.end, end)
        weight = float(max(_SHORTEST, min(_LONGEST, length / self._rate)))
        if end >= self._at:
            faded = self._fade(end - self._at)
            self._total *= faded
            self._weight *= faded
            self._at = end
        else:  # recognised later than what came after it
            weight *= self._fade(self._at - end)
        self._total += weight * score
        self._weight += weight

    def _fade(self, samples: int) -> float:
        return float(2.0 ** (-samples / self._half_life))
