"""The waveform and the pauses of a call, in 80 columns of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ..document import GapEntry
from .levels import Levels, decibels
from .texts import as_time

__all__ = ["COLUMNS", "LEFT", "draw"]

WIDTH: Final = 80
LEFT: Final = 10
COLUMNS: Final = WIDTH - LEFT

BLOCKS: Final = "▁▂▃▄▅▆▇█"
PLAIN: Final = "_.:-=+*#"
FLOOR: Final = -54.0
"""dBFS of the lowest bar; each is 6.75 dB higher."""

MARKS: Final = {"pause": ("░", "P"), "discarded": ("┄", "D")}
LOST: Final = ("×", "X")


def draw(
    levels: Levels, channels: Sequence[str], gaps: Iterable[GapEntry], length: int, rate: int, *, plain: bool
) -> Iterator[str]:
    """Yield the lines of the picture: one for each channel, one for gaps if there are any, one for time.

    Args:
        length: of the call, in samples.
        plain: for terminals that know ASCII only.
    """
    for number, name in enumerate(channels):
        peaks = (int(peak) for peak in levels.peaks[number])
        yield f"{name[: LEFT - 1]:{LEFT}}{''.join(_bar(peak, plain=plain) for peak in peaks)}".rstrip()
    marks = [" "] * levels.columns
    for gap in gaps:
        first, last = (
            min(length, at) * levels.columns // max(1, length)
            for at in (gap.start, gap.start + gap.length - 1)
        )
        if gap.length and first < levels.columns:
            marks[first : last + 1] = [MARKS.get(gap.cause, LOST)[plain]] * (last + 1 - first)
    marks = marks[: levels.columns]
    if any(mark != " " for mark in marks):
        yield " " * LEFT + "".join(marks).rstrip()
    yield " " * LEFT + _axis(levels.columns, length / rate)


def _bar(peak: int, *, plain: bool) -> str:
    if peak < 0:
        return " "
    level = decibels(peak)
    step = 0 if level is None else int((level - FLOOR) / -FLOOR * len(BLOCKS))
    return (PLAIN if plain else BLOCKS)[max(0, min(len(BLOCKS) - 1, step))]


def _axis(columns: int, seconds: float) -> str:
    """Return times under the columns that they belong to: at most six, and where they fit."""
    line = ""
    short = seconds < 20
    for part in range(6):
        at = part * columns // 6
        text = as_time(seconds * at / columns, tenths=short)
        if at >= len(line) + bool(line):
            line = line.ljust(at) + text
    end = as_time(seconds, tenths=short)
    return line.ljust(columns - len(end)) + end if len(line) + 1 <= columns - len(end) else line
