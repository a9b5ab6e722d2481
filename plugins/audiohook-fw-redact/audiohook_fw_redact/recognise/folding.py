"""Fold a text to plain characters: `４１`, `٤١`, `④①` and `4` with something invisible in it are digits."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

__all__ = ["Folded", "fold"]

_DASHES: Final = frozenset("‐‑‒−﹣－")
_INVISIBLE: Final = frozenset({"Cf", "Cc", "Mn", "Me"})
"""What joins, parts or turns letters, and accents that stand alone; tabs and line ends are spaces."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as the recognisers read it.

    Attributes:
        text: the plain text.
        places: where each of its characters comes from, and the length of the original; empty: the same.
    """

    text: str = field(repr=False)
    places: tuple[int, ...] = field(default=(), repr=False)

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in the original of characters `start` to `end`."""
        if not self.places:
            return start, end
        return self.places[start], max(self.places[end], self.places[start] + 1)


def fold(text: str) -> Folded:
    """Return a text in plain characters."""
    if text.isascii() and text.isprintable():
        return Folded(text)
    plain: list[str] = []
    places: list[int] = []
    for at, char in enumerate(text):
        folded = _plain(char)
        plain.append(folded)
        places.extend([at] * len(folded))
    return Folded("".join(plain), (*places, len(text)))


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    if char.isascii():
        return " " if char.isspace() else char if char.isprintable() else ""
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    if char in _DASHES:
        return "-"
    if unicodedata.category(char) in _INVISIBLE:
        return ""
    return unicodedata.normalize("NFKC", char)
