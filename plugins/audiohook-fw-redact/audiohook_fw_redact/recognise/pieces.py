"""Read digits and letters, spoken and written, out of tokens: "double four" is the piece `44`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from ..languages import LANGUAGES, Language
from .tokens import Token

__all__ = ["Piece", "pieces_of"]

_ROW: Final = 3
"""So many single digits make a row."""
_LACKS_ONE: Final = (12, 15, 18)
"""A row so long may be a card whose first digit sounds like a word."""
_LONGEST_ROW: Final = 19
"""Digits of the longest card."""
_SHORTEST_JOINED: Final = 6
_FIFTEEN: Final = ("34", "37")
"""What cards of fifteen digits begin with."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Digits or letters, of tokens `first` to `last`.

    Attributes:
        chars: what they are.
        other: the other way to read it: "twenty four" may be 20 and 4.
        letter: the letter that it may be instead of a digit ("o").
        single: said digit by digit, as numbers that name something are.
        paired: two digits said as one number: "nineteen".
        cardinal: said as a count: "eight hundred".
    """

    first: int
    last: int
    start: int
    end: int
    chars: str
    other: str = ""
    single: bool = False
    cardinal: bool = False
    letter: str = ""
    paired: bool = False

    @property
    def is_digits(self) -> bool:
        """Whether it is digits, not letters."""
        return self.chars.isdigit()

    def __repr__(self) -> str:
        return f"<Piece {self.start}-{self.end}>"


class _Reader:
    def __init__(self, tokens: Sequence[Token], language: Language) -> None:
        self.tokens = tokens
        self.language = language

    def word(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def piece(
        self,
        first: int,
        last: int,
        chars: str,
        other: str = "",
        *,
        single: bool = False,
        cardinal: bool = False,
    ) -> Piece:
        start, end = self.tokens[first].start, self.tokens[last].end
        return Piece(first, last, start, end, chars, other or chars, single, cardinal)

    def read(self, at: int) -> Piece | None:
        """Return the piece that begins with a token."""
        token = self.tokens[at]
        if token.form == "digits":
            return self._row(at) or self._counted(at, at, token.raw, single=len(token.raw) == 1)
        if token.form != "word":
            return None
        return (
            self._repeated(at)
            or self._row(at)
            or self._spelled(at)
            or self._number(at)
            or self._joined(at)
            or self._letter(at)
        )

    def _row(self, at: int) -> Piece | None:
        """Return a digit that is said to come several times: "four zeros", "six times one"."""
        words = self.language
        word, after = self.word(at), self.word(at + 1)
        times = (
            words.units.get(word)
            or words.teens.get(word)
            or (int(word) if len(word) < 3 and word.isdigit() else 0)
        )
        if not 2 <= times <= _LONGEST_ROW:
            return None
        if after in words.plurals:
            return self.piece(at, at + 1, str(words.plurals[after]) * times, single=True)
        inner = self._digit(at + 2) if after in words.times and times > 2 else None
        return None if inner is None else self.piece(at, inner.last, inner.chars * times, single=True)

    def _joined(self, at: int) -> Piece | None:
        """Return digits whose words were written as one: "fouroneone"."""
        words, word = self.language, self.word(at)
        number = _number_word(words.code)
        if len(word) < _SHORTEST_JOINED or not re.fullmatch(f"(?:{number}){{2,}}", word):
            return None
        chars, after_ten = "", False
        for part in re.findall(number, word):
            digits = str({**words.units, **words.teens, **words.tens}[part])
            chars = f"{chars[:-1]}{digits}" if after_ten and len(digits) == 1 else f"{chars}{digits}"
            after_ten = part in words.tens
        return self.piece(at, at, chars, single=True)

    def _repeated(self, at: int) -> Piece | None:
        times = self.language.repeats.get(self.word(at))
        if times is None or at + 1 >= len(self.tokens):
            return None
        if times == 2 and self.word(at + 1) in ("u", "you"):
            return self.piece(at, at + 1, "W")
        inner = self._digit(at + 1) or self._letter(at + 1)
        if inner is None:
            return None
        return self.piece(at, inner.last, inner.chars * times, single=inner.is_digits)

    def _digit(self, at: int) -> Piece | None:
        words = self.language
        word = self.word(at)
        if word in words.units:
            return self.piece(at, at, str(words.units[word]), single=True)
        if word in words.weak_units:
            letter = word.upper() if len(word) == 1 else ""
            return replace(self.piece(at, at, str(words.weak_units[word]), single=True), letter=letter)
        if len(word) == 1 and word.isdigit():
            return self.piece(at, at, word, single=True)
        return None

    def _number(self, at: int) -> Piece | None:
        words = self.language
        word = self.word(at)
        if word in words.teens:
            return self._pair(at, at, str(words.teens[word]))
        if word in words.tens:
            ten = words.tens[word]
            nxt = at + 2 if self.word(at + 1) == "-" else at + 1
            unit = words.units.get(self.word(nxt), 0)
            if unit and not self._is_digit_group(nxt):
                return self._pair(at, nxt, str(ten + unit), f"{ten}{unit}")
            return self._pair(at, at, str(ten))
        digit = self._digit(at)
        if digit is None or word in words.weak_units:
            return digit
        return self._counted(at, at, digit.chars, single=True)

    def _pair(self, first: int, last: int, chars: str, other: str = "") -> Piece:
        return replace(self._counted(first, last, chars, other), paired=True)

    def _touches_digits(self, at: int) -> bool:
        after = self.tokens[at + 1] if at + 1 < len(self.tokens) else None
        return (
            after is not None
            and after.form == "digits"
            and (after.start == self.tokens[at].end or self.tokens[at].raw.isupper())
        )

    def _is_digit_group(self, at: int) -> bool:
        return self.word(at + 1) in self.language.hundred

    def _counted(self, first: int, last: int, chars: str, other: str = "", *, single: bool = False) -> Piece:
        """Return a number, with "hundred" and "thousand" if they follow."""
        words = self.language
        if self.word(last + 1) in words.hundred:
            return self.piece(first, last + 1, f"{chars}00", cardinal=True)
        if self.word(last + 1) in words.thousands:
            return self.piece(first, last + 1, f"{chars}000", cardinal=True)
        return self.piece(first, last, chars, other, single=single)

    def _spelled(self, at: int) -> Piece | None:
        """Return a letter with its word: "b as in bravo"."""
        word = self.word(at)
        for between in self.language.as_in if len(word) == 1 else ():
            after = at + len(between) + 1
            said = tuple(self.word(at + 1 + i) for i in range(len(between)))
            if said == between and len(self.word(after)) > 2 and self.word(after)[0] == word:
                return self.piece(at, after, word.upper())
        return None

    def _letter(self, at: int) -> Piece | None:
        token = self.tokens[at]
        if token.form != "word" or not token.raw.isascii():
            return None
        word = token.text
        if len(word) == 1:
            return self.piece(at, at, word.upper())
        if word in self.language.letters:
            return self.piece(at, at, self.language.letters[word])
        if len(word) > 6 or (word in self.language.fillers and not self._touches_digits(at)):
            return None
        is_code = len(word) == 2 and self.word(at + 1).isdigit()
        if token.raw.isupper() or is_code or (len(word) <= 4 and not set(word) & set("aeiou")):
            return self.piece(at, at, word.upper())
        return None


@lru_cache
def _number_word(code: str) -> str:
    """Return a pattern of the words for numbers in a language, the longer ones first."""
    words = LANGUAGES[code]
    return "|".join(sorted((*words.units, *words.teens, *words.tens), key=len, reverse=True))


def pieces_of(tokens: Sequence[Token], language: Language) -> list[Piece]:
    """Return the pieces of a text, homophones of digits that stand amid single digits included."""
    reader = _Reader(tokens, language)
    found: list[Piece] = []
    at = 0
    while at < len(tokens):
        piece = reader.read(at)
        if piece is None:
            at += 1
            continue
        found.append(piece)
        at = piece.last + 1
    return _with_homophones(found, reader)


def _with_homophones(found: list[Piece], reader: _Reader) -> list[Piece]:
    """Add digits for words that sound like digits, where they stand in a row of single digits."""
    digits = {piece.first: piece for piece in found if piece.is_digits}
    homophones = reader.language.homophones
    added: dict[int, Piece] = {}
    at = 0
    while at < len(reader.tokens):
        singles, sounds = [], []
        while at < len(reader.tokens):
            piece, word = digits.get(at), reader.word(at)
            if piece is not None and piece.single:
                singles.append(piece)
                at = piece.last
            elif piece is None and word in homophones:
                sounds.append(at)
            elif piece is not None or word not in reader.language.fillers:
                break
            at += 1
        for sound in _heard(singles, sounds, at_end=at == len(reader.tokens), more=at in digits):
            digit = str(homophones[reader.word(sound)])
            added[sound] = reader.piece(sound, sound, digit, single=True)
        at += 1
    if not added:
        return found
    kept = [piece for piece in found if piece.first not in added]
    return sorted((*added.values(), *kept), key=lambda piece: piece.first)


def _heard(singles: Sequence[Piece], sounds: Sequence[int], *, at_end: bool, more: bool) -> Sequence[int]:
    """Return those of the words in a row that are digits: amid it; at its ends where more speaks for it.

    Args:
        at_end: the utterance ends with the row.
        more: other digits follow it.
    """
    if len(singles) < _ROW or len(sounds) * 2 > len(singles):
        return ()
    digits = "".join(piece.chars for piece in singles) + "?" * sum(at > singles[0].first for at in sounds)
    lacks_one = not more and len(digits) in _LACKS_ONE and digits[:2] not in _FIFTEEN
    first = -1 if lacks_one else singles[0].first
    last = sounds[-1] if sounds and at_end else singles[-1].last
    return [at for at in sounds if first < at <= last]
