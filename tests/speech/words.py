"""Word error rate, after both texts are brought to one form: case, punctuation, numbers, contractions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen")
_ONES = (*_UNITS, *_TEENS, "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {
    **{f"{word}th": number for number, word in enumerate(_ONES)},
    **{f"{word[:-1]}ieth": 10 * number for number, word in enumerate(_TENS, 2)},
} | {"first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12}
_SMALL = {**{word: number for number, word in enumerate(_ONES)}, **_ORDINALS, "oh": 0}
_ROUND = {word: 10 * number for number, word in enumerate(_TENS, 2)}
_LARGE = {"hundred": 100, "thousand": 1000}
_IS = "it|that|what|there|here|how|who|where|he|she|name"
_CONTRACTIONS = (
    (r"\bwon't\b", "will not"),
    (r"\bcan't\b|\bcannot\b", "can not"),
    (r"n't\b", " not"),
    (r"'m\b", " am"),
    (r"'re\b", " are"),
    (r"'ll\b", " will"),
    (r"'ve\b", " have"),
    (r"'d\b", " would"),
    (rf"\b({_IS})'s\b", r"\1 is"),
    (r"\blet's\b", "let us"),
)
_SAME = {"ok": "okay", "alright": "all right", "mr": "mister", "catalogue": "catalog", "colour": "color"}


def normalize(text: str) -> list[str]:
    """Return the words of a text: lower case, numbers digit by digit, contractions written out."""
    text = text.lower().replace("’", "'").replace("e-mail", "email")
    text = re.sub(r"\$\s*(\d[\d,.]*\d|\d)", r"\1 dollars", text)
    text = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text)
    text = re.sub(r"(\d{1,2}):00\b", r"\1", text)
    for pattern, full in _CONTRACTIONS:
        text = re.sub(pattern, full, text)
    words = [same for word in re.findall(r"\d|[^\W\d_]+(?:'[^\W\d_]+)*", text) for same in _same(word)]
    return list(_digits(words))


def _same(word: str) -> list[str]:
    return _SAME.get(word, word).split()


def _digits(words: Sequence[str]) -> Iterator[str]:
    """Yield the words, with "forty five" as "4", "5"."""
    position = 0
    while position < len(words):
        word, position = words[position], position + 1
        if word not in _SMALL and word not in _ROUND:
            yield word
            continue
        value = _SMALL.get(word, _ROUND.get(word, 0))
        following = words[position] if position < len(words) else ""
        if word in _ROUND and 0 < _SMALL.get(following, 0) < 10:
            value, position = value + _SMALL[following], position + 1
        while position < len(words) and words[position] in _LARGE:
            value, position = value * _LARGE[words[position]], position + 1
        yield from str(value)


@dataclass(slots=True)
class WordScore:
    """Words of the truth, and how many were wrong, missing or too many, added up."""

    words: int = 0
    errors: int = 0

    @property
    def rate(self) -> float:
        """The word error rate; 0 while there are no words."""
        return self.errors / self.words if self.words else 0.0

    def add(self, truth: str, heard: str) -> None:
        """Count one text."""
        reference = normalize(truth)
        self.words += len(reference)
        self.errors += distance(reference, normalize(heard))


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words must be changed, taken out or put in to make one of the other."""
    row = list(range(len(other) + 1))
    for number, word in enumerate(one, 1):
        diagonal, row[0] = row[0], number
        for column, heard in enumerate(other, 1):
            best = min(diagonal + (word != heard), row[column] + 1, row[column - 1] + 1)
            diagonal, row[column] = row[column], best
    return row[-1]
