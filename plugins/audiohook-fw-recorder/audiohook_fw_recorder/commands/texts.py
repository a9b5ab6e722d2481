"""Times, sizes and counts as people read and write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

__all__ = ["as_bytes", "as_time", "counted", "parse_moment", "parse_time"]

_TIME: Final = re.compile(r"(?:(?:(?P<h>[0-9]{1,4}):)?(?P<m>[0-9]{1,6}):)?(?P<s>[0-9]{1,9}(?:\.[0-9]{1,9})?)")


def as_time(seconds: float, *, tenths: bool = False) -> str:
    """Return seconds as `0:00` or `0:00:00`, with tenths if wanted; cut, not rounded."""
    count = int(seconds * 10 + 1e-6)
    whole, tenth = divmod(count, 10)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    text = f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
    return f"{text}.{tenth}" if tenths else text


def as_bytes(count: int) -> str:
    """Return a size in the unit that suits it."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 99.95 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def parse_time(text: str) -> float:
    """Return the seconds of `83`, `83.5`, `1:23.5` or `0:01:23.5`.

    Raises:
        ValueError: when it is none of these.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no time: write it as 83.5, 1:23.5 or 0:01:23.5")
    return int(match["h"] or 0) * 3600 + int(match["m"] or 0) * 60 + float(match["s"])


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number and what it counts: `1 file`, `2 files`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def parse_moment(text: str, *, end: bool = False) -> datetime:
    """Return the moment of `2026-01-31` or `2026-01-31T09:30`, UTC unless it names an offset.

    Args:
        end: of a day, return the beginning of the next one.

    Raises:
        ValueError: when it is neither.
    """
    try:
        if len(text) == 10:
            day = date.fromisoformat(text) + timedelta(days=1 if end else 0)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        problem = f"{text!r} is no time; write a day as 2026-01-31, or a time as 2026-01-31T09:30"
        raise ValueError(problem) from None
