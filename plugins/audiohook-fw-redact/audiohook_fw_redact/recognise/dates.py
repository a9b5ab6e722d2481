"""Find dates of birth: dates of any form, where a birth is talked about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..finding import Finding
from ..languages import Topic
from .numbers import is_bare
from .reading import Reading, Run

__all__ = ["find_birth_dates"]

_WRITTEN: Final = re.compile(r"\b(?:\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})|\d{4}[/.-]\d{1,2}[/.-]\d{1,2})\b")
_FEW: Final = 3
"""Words of an answer beside its digits."""
_OF_BIRTH: Final = frozenset({"of", "birth", "is", "was", ":", ","})
_BETWEEN: Final = frozenset({"of", "the", "in", ",", "and", "-", "."})


def find_birth_dates(reading: Reading) -> Iterator[Finding]:
    """Find dates of birth."""
    if not reading.is_about(Topic.BIRTH_DATE):
        return
    for match in _WRITTEN.finditer(reading.text):
        yield Finding("birth_date", "numeric", match.start(), match.end())
    yield from _with_month(reading)
    if reading.topic is Topic.BIRTH_DATE and reading.is_asked and is_bare(reading, words=_FEW):
        yield from _parts(reading)
    elif any(label.topic is Topic.BIRTH_DATE for label in reading.labels):
        yield from _named(reading)
    for run in reading.runs:
        if run.topic is Topic.BIRTH_DATE and _is_date(run):
            yield Finding("birth_date", "digits", run.start, run.end)


def _parts(reading: Reading) -> Iterator[Finding]:
    """Find the parts of a date in an answer to the question for it: "the fourteenth", "seventy two"."""
    words = reading.language
    own = [at for at, token in enumerate(reading.tokens) if token.start >= reading.own]
    others = [at for at in own if reading.tokens[at].form != "mark"]
    for at in others:
        token = reading.tokens[at]
        is_day = token.form == "ordinal" or token.text in words.ordinals
        is_month = token.text in words.months and (token.text not in words.verbs or len(others) <= 2)
        if is_day or is_month:
            yield Finding("birth_date", "answer", token.start, token.end)
    for run in reading.runs:
        if 2 <= len(run.digits) <= 8 and run.end > reading.own and not _is_other_amount(reading, run):
            yield Finding("birth_date", "answer", run.start, run.end)


def _is_other_amount(reading: Reading, run: Run) -> bool:
    """Tell whether digits are a price, a length or a time, and no year."""
    last = run.pieces[-1].last + 1
    after = reading.tokens[last].text if last < len(reading.tokens) else ""
    return after in reading.language.units_after or run.topic is not Topic.BIRTH_DATE


def _named(reading: Reading) -> Iterator[Finding]:
    """Find the parts of a date that are called so: "the day is fourteen, the month is three"."""
    named, tokens = reading.language.date_parts, reading.tokens
    for run in reading.runs:
        at = run.pieces[0].first - 1
        while at > 0 and tokens[at].text in _OF_BIRTH:
            at -= 1
        if at >= 0 and len(run.digits) <= 4 and tokens[at].text in named:
            yield Finding("birth_date", "named", run.start, run.end)


def _is_date(run: Run) -> bool:
    longest = 10 if any(piece.cardinal for piece in run.pieces) else 8  # "nineteen hundred and seventy two"
    return 4 <= len(run.digits) <= longest and (len(run.pieces) > 2 or len(run.digits) >= 6)


def _with_month(reading: Reading) -> Iterator[Finding]:
    """Find months with a day or a year around them."""
    months = reading.language.months
    parts = {at for piece in reading.pieces if piece.is_digits for at in range(piece.first, piece.last + 1)}
    parts |= {
        at
        for at, token in enumerate(reading.tokens)
        if token.form == "ordinal" or token.text in reading.language.ordinals
    }
    for at, token in enumerate(reading.tokens):
        if token.text not in months and not _is_month_number(reading, at):
            continue
        first, last = _reach(reading, at, parts, -1), _reach(reading, at, parts, 1)
        if first < at or last > at:
            start, end = reading.tokens[first].start, reading.tokens[last].end
            yield Finding("birth_date", "month", start, end)


def _is_month_number(reading: Reading, at: int) -> bool:
    """Tell whether an ordinal is a month: "the third of the fourth"."""
    words = [token.text for token in reading.tokens[max(0, at - 3) : at + 1]]
    ordinals = reading.language.ordinals
    return (
        words[-1] in ordinals
        and len(words) > 2
        and any(
            word in ordinals and set(words[place + 1 : -1]) & _BETWEEN
            for place, word in enumerate(words[:-2])
        )
    )


def _reach(reading: Reading, at: int, parts: set[int], step: int) -> int:
    """Return how far a date goes from its month, over words like "of"."""
    farthest, gap = at, 0
    nth = at + step
    while 0 <= nth < len(reading.tokens) and abs(nth - at) <= 9 and gap <= 2:
        if nth in parts:
            farthest, gap = nth, 0
        elif reading.tokens[nth].text in _BETWEEN:
            gap += 1
        else:
            break
        nth += step
    return farthest
