"""Cut pieces out of a text and, in step with it, out of its words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from audiohook_fw import Word

__all__ = ["Cut", "Place", "align", "cut_text", "cut_words"]

Place = tuple[int, int]

_ALPHANUMERIC: Final = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Cut:
    """Characters `start` to `end` go, `text` comes."""

    start: int
    end: int
    text: str


def cut_text(text: str, cuts: Iterable[Cut], *, start: int = 0, end: int | None = None) -> str:
    """Return a text, or a part of it, with cuts that are in order of place."""
    parts, at = [], start
    for cut in cuts:
        parts += [text[at : cut.start], cut.text]
        at = cut.end
    return "".join((*parts, text[at:end]))


def align(text: str, words: Sequence[Word]) -> list[Place] | None:
    """Return where in a text each word stands; `None` when text and words are not the same."""
    places: list[Place] = []
    at = 0
    folded = text.lower() if len(text.lower()) == len(text) else text
    for word in words:
        said = word.text.strip()
        said = said.lower() if folded is not text else said
        start = folded.find(said, at)
        if not said or start < 0 or _ALPHANUMERIC.search(text, at, start):
            return None
        at = start + len(said)
        places.append((start, at))
    return None if _ALPHANUMERIC.search(text, at) else places


def cut_words(
    text: str, words: Sequence[Word], places: Sequence[Place], cuts: Sequence[Cut]
) -> tuple[Word, ...]:
    """Return the words with cuts: those that a cut touches become one, from the first to the last of them."""
    result: list[Word] = []
    at = first = 0
    while at < len(words):
        last, start, end = at, *places[at]
        inside: list[Cut] = []
        while first < len(cuts) and cuts[first].end <= start:
            first += 1
        for cut in cuts[first:]:
            if cut.start >= end:
                break
            if cut.end > start:
                inside.append(cut)
                start, end = min(start, cut.start), max(end, cut.end)
                while last + 1 < len(words) and places[last + 1][0] < end:
                    last += 1
                    end = max(end, places[last][1])
        if inside:
            result.append(_one(words[at : last + 1], cut_text(text, inside, start=start, end=end)))
        else:
            result.append(words[at])
        at = last + 1
    return tuple(result)


def _one(words: Sequence[Word], text: str) -> Word:
    start = min(word.start for word in words)
    end = max(word.start + word.length for word in words)
    return Word(text=text, start=start, length=end - start, confidence=min(word.confidence for word in words))
