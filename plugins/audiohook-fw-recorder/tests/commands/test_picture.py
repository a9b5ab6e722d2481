"""A call in 80 columns."""

from __future__ import annotations

import numpy as np
import pytest
from audiohook_fw_recorder.commands.levels import Levels
from audiohook_fw_recorder.commands.picture import COLUMNS, draw
from audiohook_fw_recorder.document import GapEntry

RATE = 8000


def drawn(length: int, *gaps: tuple[int, int, str], plain: bool = False) -> list[str]:
    levels = Levels(length, 2, COLUMNS)
    ramp = (np.arange(length) * 32767 // max(1, length)).astype(np.int16)
    levels.add(0, np.stack([ramp, np.zeros_like(ramp)], axis=1))
    entries = [GapEntry(start=start, length=count, cause=cause) for start, count, cause in gaps]
    return list(draw(levels, ["external", "internal"], entries, length, RATE, plain=plain))


def test_a_call_is_drawn() -> None:
    gaps = [(8000, 8000, "pause"), (24_000, 1, "discarded"), (40_000, 99_999, "disk")]
    assert drawn(56_000, *gaps) == [
        "external  ▃▄▄▅▅▅▆▆▆▆▆▆▆▆▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇██████████████████████████████████████",
        "internal  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
        "                    ░░░░░░░░░░          ┄                   ××××××××××××××××××××",
        "          0:00.0     0:01.1      0:02.3      0:03.5     0:04.6      0:05.8",
    ]


def test_a_terminal_of_ascii_is_enough() -> None:
    lines = drawn(
        56_000, (8000, 8000, "pause"), (24_000, 1, "discarded"), (40_000, 9, "overflow"), plain=True
    )
    assert all(line.isascii() for line in lines)
    assert lines[2].split() == ["PPPPPPPPPP", "D", "X"]


@pytest.mark.parametrize("length", [1, 2, 69, 70, 71, 8000, 8000 * 60 * 60 * 30])
def test_lines_are_never_too_long(length: int) -> None:
    levels = Levels(length, 1, COLUMNS)
    levels.add(0, np.ones((min(length, 10_000), 1), np.int16))
    gaps = [
        GapEntry(start=0, length=length + 1, cause="pause"),
        GapEntry(start=length, length=9, cause="pause"),
    ]
    lines = list(draw(levels, ["a-channel-of-a-long-name"], gaps, length, RATE, plain=False))
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("a-channel ")
    assert lines[1].strip() == "░" * levels.columns


def test_a_gap_of_a_million_years_is_drawn_as_far_as_the_call_goes() -> None:
    assert drawn(56_000, (28_000, 1 << 60, "pause"))[2] == " " * 45 + "░" * 35
