"""From probabilities to segments of speech: no clock, no audio, no engine.

All positions and lengths are samples of call time. A segment begins once enough of it was heard, and ends
once the silence after it was long enough; so each is told with the delay that it takes to know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["Ended", "Rules", "Segmenter", "Started"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts as speech; lengths in samples.

    Attributes:
        start_threshold: probability from which on a window begins speech.
        end_threshold: probability below which a window is silence while somebody speaks.
        min_speech: what is shorter is none.
        min_silence: so much silence ends a segment.
        pad_before: said to begin so much before the first window with speech.
        pad_after: said to end so much after the last one.
    """

    start_threshold: float
    end_threshold: float
    min_speech: int
    min_silence: int
    pad_before: int = 0
    pad_after: int = 0


@dataclass(frozen=True, slots=True)
class Started:
    """Somebody began to speak at `start`."""

    start: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Somebody spoke from `start` up to `end`, exclusive."""

    start: int
    end: int


Change = Started | Ended


class Segmenter:
    """The segments of one channel."""

    __slots__ = ("_begun", "_earliest", "_first", "_heard", "_last", "_rules", "_silence")

    def __init__(self, rules: Rules) -> None:
        self._rules: Final = rules
        self._earliest = 0  # where the next segment may begin
        self._first: int | None = None  # where speech began that may become a segment, or is one
        self._begun = False  # whether that was told
        self._heard = 0  # samples of speech in it
        self._last = 0  # where speech in it was heard last
        self._silence = 0  # samples of silence heard since

    @property
    def speaking_since(self) -> int | None:
        """Where the running segment began; `None` when there is none."""
        return self._first if self._begun else None

    def window(self, start: int, end: int, probability: float, heard: int) -> list[Change]:
        """Take the next window, and return what became known by it.

        Args:
            heard: samples in it, fewer than `end - start` when call time is missing inside.
        """
        rules = self._rules
        if probability >= (rules.start_threshold if self._first is None else rules.end_threshold):
            return self._speech(start, end, heard)
        if self._first is None:
            return []
        self._silence += heard
        if not self._begun:
            if self._silence >= rules.min_speech:
                self._first = None
            return []
        return self._end(end) if self._silence >= rules.min_silence else []

    def cut(self, position: int) -> list[Change]:
        """End a running segment at `position` or before; what comes is another one, and begins no earlier."""
        changes = self._end(position) if self._begun else []
        self._first, self._begun = None, False
        self._earliest = max(self._earliest, position)
        return changes

    def _speech(self, start: int, end: int, heard: int) -> list[Change]:
        if self._first is None:
            self._first = max(start - self._rules.pad_before, self._earliest)
            self._heard = 0
        self._heard += heard
        self._last = end
        self._silence = 0
        if self._begun or self._heard < self._rules.min_speech:
            return []
        self._begun = True
        return [Started(self._first)]

    def _end(self, limit: int) -> list[Change]:
        assert self._first is not None
        start = self._first
        # Running speech that is cut reaches up to the cut; else the engine's habits count.
        end = self._last if not self._silence else self._last + self._rules.pad_after
        end = max(min(end, limit), start)
        self._first, self._begun = None, False
        self._earliest = max(self._earliest, end)
        return [Ended(start, end)]
