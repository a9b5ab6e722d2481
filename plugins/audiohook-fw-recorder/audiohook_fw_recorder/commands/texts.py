"""Times, sizes and counts as people read and write them."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["as_bytes", "as_time", "counted", "parse_time"]

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
