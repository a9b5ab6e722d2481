"""Find what is made of letters and digits and can be checked: IBANs and national ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ..finding import Finding
from .checks import IBAN_LENGTHS, iban
from .pieces import Piece
from .reading import Reading

__all__ = ["find_letters"]

_MAX_BETWEEN: Final = 3
_MAX_SPELLINGS: Final = 8
_SHORTEST: Final = 9
_WRITTEN_IBAN: Final = re.compile(
    r"\b[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{4}){2,7}(?:[ -]?[A-Za-z0-9]{1,3}\b)?"
)
_LONGEST: Final = max(IBAN_LENGTHS.values())


def _dni(chars: str) -> bool:
    number = chars[:-1].translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == chars[-1]


_ODD: Final = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def _codice(chars: str) -> bool:
    values = [int(char) if char.isdigit() else ord(char) - ord("A") for char in chars[:15]]
    total = sum(_ODD[value] if at % 2 == 0 else value for at, value in enumerate(values))
    return chr(ord("A") + total % 26) == chars[15]


def _nino(chars: str) -> bool:
    return chars[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


@dataclass(frozen=True, slots=True)
class _Shape:
    kind: str
    rule: str
    pattern: re.Pattern[str]
    check: Callable[[str], bool]

    def fits(self, chars: str) -> bool:
        """Tell whether letters and digits have this shape and the right check."""
        return self.pattern.fullmatch(chars) is not None and self.check(chars)


_ACCOUNT: Final = _Shape("iban", "mod-97", re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,27}"), iban)
_IDS: Final = (
    _Shape(
        "national_id",
        "gb-nino",
        re.compile(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]"),
        _nino,
    ),
    _Shape("national_id", "es-dni", re.compile(r"(?:\d{8}|[XYZ]\d{7})[A-Z]"), _dni),
    _Shape(
        "national_id",
        "it-codice-fiscale",
        re.compile(r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]"),
        _codice,
    ),
)
_BY_LENGTH: Final = {9: _IDS[:2], 16: _IDS[2:]}


def _shape_of(chars: str) -> _Shape | None:
    if IBAN_LENGTHS.get(chars[:2]) == len(chars) and _ACCOUNT.fits(chars):
        return _ACCOUNT
    return next((shape for shape in _BY_LENGTH.get(len(chars), ()) if shape.fits(chars)), None)


def find_letters(reading: Reading) -> Iterator[Finding]:
    """Find IBANs and ids, spelled or written."""
    yield from _written_ibans(reading.text)
    pieces = reading.pieces
    first = 0
    while first < len(pieces):
        found = _longest(reading, first)
        if found is None:
            first += 1
            continue
        last, shape = found
        yield Finding(shape.kind, shape.rule, pieces[first].start, pieces[last].end)
        first = last + 1


def _written_ibans(text: str) -> Iterator[Finding]:
    """Find IBANs that are written as such, whatever their letters spell."""
    for match in _WRITTEN_IBAN.finditer(text):
        length = IBAN_LENGTHS.get(match.group()[:2].upper(), 0)
        chars, end = "", match.start()
        for end in range(match.start(), match.end()):
            chars += text[end].upper() if text[end].isalnum() else ""
            if len(chars) == length:
                break
        if iban(chars):
            yield Finding("iban", "mod-97", match.start(), end + 1)


def _longest(reading: Reading, first: int) -> tuple[int, _Shape] | None:
    pieces, best = reading.pieces, None
    spellings = [""]
    begins = pieces[first]
    longest = _SHORTEST if begins.is_digits and not begins.letter else _LONGEST
    for at in range(first, len(pieces)):
        if at > first and not _near(reading, pieces[at - 1], pieces[at]):
            break
        chars, letter = pieces[at].chars, pieces[at].letter
        both = letter and len(spellings) < _MAX_SPELLINGS
        spellings = [s + c for s in spellings for c in ((chars, letter) if both else (chars,))]
        if len(spellings[0]) > longest:
            break
        if len(spellings[0]) >= _SHORTEST:
            shapes = (_shape_of(spelling) for spelling in spellings)
            best = next(((at, shape) for shape in shapes if shape is not None), best)
    return best


def _near(reading: Reading, left: Piece, right: Piece) -> bool:
    between = reading.tokens[left.last + 1 : right.first]
    fillers = reading.language.fillers
    words = [token for token in between if token.form != "mark"]
    return len(words) <= _MAX_BETWEEN and all(token.text in fillers for token in words)
