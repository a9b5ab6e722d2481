"""Days and hours: a week of minutes in which each is open or not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["DAYS", "WEEK", "days_of", "hours_of", "open_minutes"]

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = 24 * 60
WEEK: Final = 7 * _DAY
"""Minutes of a week, which begins on Monday at midnight."""

_LONG: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_NUMBERS: Final = {name: number for names in (DAYS, _LONG) for number, name in enumerate(names)}
_HOURS: Final = re.compile(r"(\d{1,2}):(\d{2}) ?(?:-|–) ?(\d{1,2}):(\d{2})", re.ASCII)


def days_of(text: str) -> set[int]:
    """Return the days of `mon` or `mon-fri`, Monday being 0; `fri-mon` goes over the end of the week.

    Raises:
        ValueError: it is none of these.
    """
    first, dash, last = text.lower().replace(" ", "").partition("-")
    start, end = _DAY_NUMBERS.get(first), _DAY_NUMBERS.get(last if dash else first)
    if start is None or end is None:
        raise ValueError(f'is no day; allowed: {", ".join(DAYS)}, or a span such as "mon-fri"')
    return {(start + i) % 7 for i in range((end - start) % 7 + 1)}


def hours_of(text: str) -> tuple[int, int]:
    """Return the first minute and the one after the last of `08:00-18:00`; `20:00-06:00` ends the next day.

    Raises:
        ValueError: it is no such span.
    """
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError('is no span of hours; allowed: "08:00-18:00", "20:00-06:00" over midnight')
    start_hour, start_minute, end_hour, end_minute = map(int, match.groups())
    start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
    if start_minute > 59 or end_minute > 59 or start >= _DAY or end > _DAY:
        raise ValueError("is no time of day; allowed: 00:00 to 24:00")
    if start == end:
        raise ValueError('begins and ends at one time; write "00:00-24:00" for the whole day')
    return start, end if end > start else end + _DAY


def open_minutes(days: Iterable[int], hours: Iterable[tuple[int, int]]) -> bytes:
    """Return the week, 1 for each open minute. What lies behind midnight belongs to the day before."""
    week = bytearray(WEEK)
    for day in days:
        for start, end in hours:
            for minute in range(day * _DAY + start, day * _DAY + end):
                week[minute % WEEK] = 1
    return bytes(week)
