"""`Confirmed`: what final results have said of a channel, so that nothing is said twice.

What was confirmed stays: a later final for the same audio adds only the words that are new.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from .heard import Heard, HeardWord

__all__ = ["Confirmed"]

_KEPT: Final = 500
"""Words (and results) that are remembered: some minutes of speech."""

_MARGIN: Final = 0.1
"""Seconds by which the times of neighbouring words may overlap without being the same word."""


@dataclass(frozen=True, slots=True)
class _Span:
    text: str
    start: int
    end: int


class Confirmed:
    """Finals of one channel.

    Attributes:
        until: index up to which all audio is confirmed: a new stream begins here.
    """

    __slots__ = ("_margin", "_results", "_words", "until")

    def __init__(self, rate: int) -> None:
        self.until = 0
        self._margin = round(_MARGIN * rate)
        self._results: deque[_Span] = deque(maxlen=_KEPT)
        self._words: deque[_Span] = deque(maxlen=_KEPT)

    def advance(self, index: int) -> None:
        """Note that everything before `index` has been dealt with."""
        self.until = max(self.until, index)

    def add(self, heard: Heard) -> Heard | None:
        """Confirm a final; return what of it is new, or `None`."""
        self.advance(heard.end)
        if not heard.text or self._is_repeated(heard):
            return None
        words = tuple(word for word in heard.words if not self._is_known(word))
        if heard.words and not words:
            return None
        if len(words) < len(heard.words):
            space = " " if " " in heard.text else ""
            heard = replace(
                heard,
                text=space.join(word.text for word in words),
                words=words,
                start=words[0].start,
                end=max(word.end for word in words),
            )
        self._results.append(_Span(_fold(heard.text), heard.start, max(heard.end, heard.start + 1)))
        self._words.extend(_Span(_fold(w.text), w.start, max(w.end, w.start + 1)) for w in words)
        return heard

    def _is_repeated(self, heard: Heard) -> bool:
        """Tell whether this very result came before; one without words also when most of it is known."""
        text = _fold(heard.text)
        return any(
            _overlap(span, heard.start, heard.end) and (not heard.words or span.text == text)
            for span in self._results
        )

    def _is_known(self, word: HeardWord) -> bool:
        text, middle, margin = _fold(word.text), (word.start + word.end) // 2, self._margin
        return any(
            (span.text == text and _overlap(span, word.start, word.end))
            or span.start + margin < middle < span.end - margin
            for span in self._words
        )


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())


def _overlap(span: _Span, start: int, end: int) -> bool:
    """Tell whether more than half of the shorter one is in the other."""
    common = min(span.end, max(end, start + 1)) - max(span.start, start)
    return 2 * common > max(1, min(span.end - span.start, end - start))
