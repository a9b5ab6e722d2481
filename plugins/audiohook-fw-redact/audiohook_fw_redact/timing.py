"""`Timing`: when the pieces of a transcript were said, by the times of words that can be right."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Final

from audiohook_fw import Transcript, Word

from .cutting import Place

__all__ = ["Stretch", "Timing"]

Stretch = tuple[int, int]
"""From when to when, in samples of call time."""

_WIDENED: Final = 0.2
"""Share of an utterance by which a stretch is longer on both sides where words have no times."""
_DIGIT: Final = 5
"""Letters that it takes as long to say as a digit that is written as one."""


class Timing:
    """When the pieces of one transcript were said.

    A word's time counts when it has a length and lies within the utterance. Where one of a piece has none,
    or words are not in order, the piece's share of the text counts as well: rather too long a stretch than
    one in the wrong place.

    Args:
        places: where the words stand in the text; `None` if they are not those of the text.
        margin: samples by which each stretch is longer on both sides.
    """

    def __init__(self, event: Transcript, places: Sequence[Place] | None, margin: int) -> None:
        self._start = event.start
        self._length = event.length
        self._words = event.words if places else ()
        self._firsts = [first for first, _ in places or ()]
        self._lasts = [last for _, last in places or ()]
        self._margin = margin
        self._in_order = all(left.start <= right.start for left, right in pairwise(self._words))
        weights = (_DIGIT if char.isdigit() else 1 for char in event.text)
        self._spoken = (0, *accumulate(weights))

    def of(self, place: Place) -> Stretch:
        """Return when a piece of the text was said."""
        start, end = place
        said = self._words[bisect_right(self._lasts, start) : bisect_left(self._firsts, end)]
        timed = [word for word in said if self._is_timed(word)]
        stretches = [(word.start, word.start + word.length) for word in timed]
        stretches = [(begin - self._margin, finish + self._margin) for begin, finish in stretches]
        if not said or len(timed) < len(said) or not self._in_order:
            stretches += self._by_share(start, end)
        begin = min(begin for begin, _ in stretches)
        return max(0, begin), max(finish for _, finish in stretches)

    def _is_timed(self, word: Word) -> bool:
        """Tell whether a word's time can be right."""
        if not word.length:
            return False
        first, last = self._start - self._margin, self._start + self._length + self._margin
        return not self._length or (first <= word.start and word.start + word.length <= last)

    def _by_share(self, start: int, end: int) -> list[Stretch]:
        """Return when a piece was said by its share of the text, as it is written and as it is spoken."""
        wide = self._margin + int(self._length * _WIDENED)
        low, high = self._start - self._margin, self._start + self._length + self._margin
        return [
            (max(low, self._start + begin - wide), min(high, self._start + finish + wide))
            for begin, finish in (
                self._share(start, end, len(self._spoken) - 1),
                self._share(self._spoken[start], self._spoken[end], self._spoken[-1]),
            )
        ]

    def _share(self, start: int, end: int, size: int) -> Stretch:
        return self._length * start // max(1, size), -(-self._length * end // max(1, size))
