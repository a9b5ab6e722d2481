"""Durations on the wire: `PT<decimal>S` (protocol: envelope formats)."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Final

__all__ = ["format_duration", "from_samples", "parse_duration", "to_samples"]

_PATTERN: Final = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d*)?|\.\d+)S)?", re.ASCII)
_PLAIN: Final = re.compile(r"PT(\d{1,12})(?:\.(\d{1,6}))?S", re.ASCII)
_MAX_LENGTH: Final = 64
_MAX: Final = Decimal(timedelta.max.days) * 86_400
_MAX_MICROS: Final = timedelta.max // timedelta(microseconds=1)


def parse_duration(text: str) -> timedelta:
    """Read a duration; liberal: hours and minutes, `PT5.S` and `PT.5S` are taken too.

    What is longer than `timedelta.max` becomes that; what is finer than a microsecond is rounded.

    Raises:
        ValueError: when it is not such a duration (negative, other units, exponents).
    """
    plain = _PLAIN.fullmatch(text)
    if plain is not None:  # what clients send; several times cheaper than all that follows
        whole, fraction = plain.groups()
        return timedelta(seconds=int(whole), microseconds=int((fraction or "").ljust(6, "0")))
    match = _PATTERN.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if match is None or not any(match.groups()):
        raise ValueError("not a duration of the form PT<seconds>S")
    hours, minutes, seconds = (Decimal(group or 0) for group in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total >= _MAX:
        return timedelta.max
    return timedelta(microseconds=int((total * 1_000_000).to_integral_value()))


def format_duration(duration: timedelta) -> str:
    """Write a duration as a plain decimal, never with an exponent: `PT0S`, `PT1.000125S`.

    Raises:
        ValueError: when it is negative.
    """
    if duration < timedelta(0):
        raise ValueError("a duration on the wire is never negative")
    whole, micros = divmod(duration // timedelta(microseconds=1), 1_000_000)
    fraction = f".{micros:06d}".rstrip("0") if micros else ""
    return f"PT{whole}{fraction}S"


def to_samples(duration: timedelta, rate: int) -> int:
    """Return the nearest whole number of samples."""
    micros = duration // timedelta(microseconds=1)
    return (micros * rate + 500_000) // 1_000_000


def from_samples(samples: int, rate: int) -> timedelta:
    """Return the duration of a number of samples, to the microsecond; at most `timedelta.max`."""
    micros = (samples * 1_000_000 + rate // 2) // rate
    return timedelta(microseconds=micros) if micros < _MAX_MICROS else timedelta.max
