"""Words and phrases with what they weigh, read from the files that come with this package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Final

__all__ = ["Lexicon", "read", "spoken_words"]

_PLACEHOLDER: Final = re.compile(r"\[[a-z][a-z0-9_]{0,29}(?: [0-9]{1,4})?\]")
"""What a filter put instead of words: "[gift_card]" is no gift."""
_EDGES: Final = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~…“”„«»¿¡–—"


def spoken_words(text: str) -> list[str]:
    """Return the words of a text as they are looked up: small letters, no punctuation around them.

    What an engine of speech recognition made of capitals and punctuation must not change a mood, nor what
    a filter put instead of something personal.
    """
    text = _PLACEHOLDER.sub(" ", text) if "[" in text else text
    words = (word.strip(_EDGES) for word in text.lower().replace("’", "'").split())
    return [word for word in words if word]


def read(name: str) -> dict[str, float]:
    """Read a lexicon of this package: a word or phrase, a tab and a number on each line. Blocks."""
    text = files(__package__).joinpath("data", f"{name}.txt").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {words: float(weight) for words, weight in pairs}


class Lexicon:
    """What words weigh, from -4 to 4; a phrase of several words counts as one.

    Args:
        layers: the later ones override the earlier ones.
    """

    def __init__(self, layers: Iterable[Mapping[str, float]]) -> None:
        self.weights: dict[str, float] = {}
        for layer in layers:
            for text, weight in layer.items():
                if words := spoken_words(text):
                    self.weights[" ".join(words)] = weight
        self._phrases: dict[str, list[tuple[str, ...]]] = {}
        for phrase in sorted((tuple(text.split()) for text in self.weights), key=len, reverse=True):
            if len(phrase) > 1:
                self._phrases.setdefault(phrase[0], []).append(phrase)

    def terms(self, text: str) -> list[str]:
        """Return the words of a text, with each known phrase as one term, the longest first."""
        words = spoken_words(text)
        terms: list[str] = []
        place = 0
        while place < len(words):
            length = self._phrase_at(words, place)
            terms.append(words[place] if length == 1 else " ".join(words[place : place + length]))
            place += length
        return terms

    def _phrase_at(self, words: list[str], place: int) -> int:
        for phrase in self._phrases.get(words[place], ()):
            if tuple(words[place : place + len(phrase)]) == phrase:
                return len(phrase)
        return 1
