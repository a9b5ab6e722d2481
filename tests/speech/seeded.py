"""Seeded personal data, and whether any of it is to be found in a text, however it is written or said.

The data is what the redaction plugin's own generator makes; how it is searched has nothing of the plugin.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

GENERATOR = Path(__file__).parents[2] / "plugins" / "audiohook-fw-redact" / "tests"
PART = 6
"""Digits of a number that must not be seen together."""

_UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SAID = {
    **{word: str(number) for number, word in enumerate((*_UNITS, *_TEENS, "eighteen", "nineteen"))},
}
_SAID |= {"oh": "0", "o": "0", "for": "4", "to": "2", "too": "2", "won": "1", "ate": "8"}
_ROUND = {word: number for number, word in enumerate(_TENS, 2)}
_TIMES = {"double": 2, "triple": 3}
_BETWEEN = {"uh", "um", "okay", "and", "then", "er"}
_WORD = re.compile(r"\d+|[^\W\d_]+|@|[^\w\s.,()+-]")


@dataclass(frozen=True, slots=True)
class Seeded:
    """An utterance with personal data in it.

    Attributes:
        kind: of the data; empty for an innocent utterance.
        value: as it is said or written in the text. secret: what is meant: digits, an address, an IBAN.
    """

    kind: str
    text: str
    value: str
    secret: str


def seeded(seed: int, count: int) -> tuple[list[Seeded], list[Seeded]]:
    """Return so many utterances with personal data, and as many innocent ones with numbers."""
    sys.path.insert(0, str(GENERATOR))
    try:
        made = importlib.import_module("utterances").generate(seed, count)
    finally:
        sys.path.remove(str(GENERATOR))
    every = [Seeded(one.kind.strip(), one.text, one.value, one.secret) for one in made]
    return every[:count], every[count:]


def digits_in(text: str) -> str:
    """Return a text's digits, written or said, with a space wherever another word stands between."""
    return "".join(_digits(_WORD.findall(text.lower())))


def _digits(words: list[str]) -> Iterator[str]:
    times, ten = 1, 0
    for word in words:
        said = word if word.isascii() and word.isdigit() else _SAID.get(word)
        if ten:  # "twenty four", or "twenty" and what follows
            is_unit = said is not None and len(said) == 1 and said != "0" and word in _UNITS
            yield f"{ten}{said}" if is_unit else f"{ten}0"
            ten = 0
            if is_unit:
                continue
        if word in _ROUND:
            ten = _ROUND[word]
        elif word in _TIMES:
            times = _TIMES[word]
        elif said is not None:
            yield said * times
            times = 1
        elif word not in _BETWEEN:
            yield " "
    if ten:
        yield f"{ten}0"


class Search:
    """Looks for seeded values.

    Args:
        part: how many digits of a number, one after the other, are too many in what somebody said.
    """

    def __init__(self, values: Iterable[Seeded], part: int = PART) -> None:
        self.values = [one for one in values if one.kind]
        self._numbers = {one.secret for one in self.values if one.secret.isdigit()}
        self._parts = {
            number[at : at + part] for number in self._numbers for at in range(len(number) - part + 1)
        }
        self._written = {form for one in self.values for form in _forms(one)}

    def anywhere(self, content: bytes | str) -> list[str]:
        """Return the values that are in a file, a log or whatever else, whole, in one form or another."""
        text = content.decode("utf-8", errors="replace") if isinstance(content, bytes) else content
        low = re.sub(r"\s+", " ", text.lower())
        digits = digits_in(text)
        found = {form for form in self._written if form in low}
        return sorted(found | {number for number in self._numbers if number in digits})

    def in_words(self, text: str) -> list[str]:
        """Return what is in a text that somebody said: values, and parts of numbers too."""
        digits = digits_in(text)
        return sorted({*self.anywhere(text), *(part for part in self._parts if part in digits)})


@cache
def _forms(one: Seeded) -> frozenset[str]:
    """Return how a value is written: as it was said, as it is meant, and digits in groups."""
    forms = {re.sub(r"\s+", " ", one.value.lower()), one.secret.lower()}
    if one.secret.isdigit():
        for mark in (" ", "-", ".", ", "):
            forms |= {mark.join(_groups(one.secret, size)) for size in (1, 2, 3, 4)}
        forms.add(" ".join(_UNITS[int(digit)] for digit in one.secret))
    elif one.kind == "iban":
        forms |= {" ".join(_groups(one.secret.lower(), 4)), " ".join(one.secret.lower())}
    return frozenset(forms)


def _groups(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]
