"""Cut a text into words, groups of digits, marks, and what is written as an amount or a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["Token", "tokens_of"]

_ALIKE: Final = str.maketrans("lIOo", "1100")
"""Letters that are taken for digits, amid digits."""

Form = Literal["word", "digits", "ordinal", "amount", "mark"]

_TOKEN: Final = re.compile(
    r"""
    (?P<alike>(?-i:                               # 4l11, 4O12
        (?<![^\W_])(?=[lIOo]*[0-9])[0-9lIOo]*[lIOo][0-9lIOo]+(?![^\W_])
    ))
    | (?P<amount>
        [$£€]\s?\d{1,3}(?:,\d{3})+(?:\.\d+)?      # $1,499.00
      | [$£€]\s?\d+(?:\.\d+)?
      | (?<![\d.])\d{1,6}\.\d{1,2}(?![\d.]|\s?\d)    # 14.99
      | (?<![\d,])\d{1,3}(?:,\d{3}){1,3}(?![\d,]|\s?\d) # 12,500
      | (?<![\d:])\d{1,2}:\d{2}(?::\d{2})?(?![\d:])  # 10:30
      | \d{1,6}\s?%
      | (?<![\d/.-])(?:\d{1,2}/\d{1,2}/(?:19|20)?\d\d|\d{1,2}[.-]\d{1,2}[.-](?:19|20)\d\d)(?![\d/.-]*\d)
      | (?<![\d/.-])(?:19|20)\d\d-\d\d-\d\d(?![\d/.-]*\d)
    )
    | (?P<ordinal>\d{1,2}(?:st|nd|rd|th)\b)
    | (?P<digits>[0-9]+)
    | (?P<word>[^\W\d_]+(?:['’][^\W\d_]+)?)
    | (?P<mark>[^\s])
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text: `text` in small letters, `raw` as it stands."""

    start: int
    end: int
    text: str
    raw: str
    form: Form

    def __repr__(self) -> str:
        return f"<{self.form} {self.start}-{self.end}>"


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a text."""
    found = []
    for match in _TOKEN.finditer(text):
        raw = match.group()
        if match.lastgroup == "alike":
            digits = raw.translate(_ALIKE)
            found.append(Token(match.start(), match.end(), digits, digits, "digits"))
            continue
        form: Form = match.lastgroup or "mark"  # type: ignore[assignment]
        found.append(Token(match.start(), match.end(), raw.lower().replace("’", "'"), raw, form))
    return found
