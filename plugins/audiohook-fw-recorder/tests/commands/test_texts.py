"""Times and sizes as people read and write them."""

from __future__ import annotations

import pytest
from audiohook_fw_recorder.commands.texts import as_bytes, as_time, counted, parse_time


@pytest.mark.parametrize(
    ("seconds", "whole", "tenths"),
    [
        (0, "0:00", "0:00.0"),
        (59.99, "0:59", "0:59.9"),
        (61.05, "1:01", "1:01.0"),
        (3600, "1:00:00", "1:00:00.0"),
        (360_000.3, "100:00:00", "100:00:00.3"),
    ],
)
def test_times(seconds: float, whole: str, tenths: str) -> None:
    assert as_time(seconds) == whole
    assert as_time(seconds, tenths=True) == tenths


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("83.5", 83.5), ("1:23.5", 83.5), ("0:01:23.5", 83.5), ("90:00", 5400), ("10:00:00", 36_000)],
)
def test_times_are_read(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "-1", "1:", ":1", "1:2:3:4", "x", "1e9", "inf", "nan", "１", "1.", "0x1"]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="is no time: write it as"):
        parse_time(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_949, "99.9 kB"),
        (345_600_058, "346 MB"),
        (2e15, "2000.0 TB"),
    ],
)
def test_sizes(size: float, text: str) -> None:
    assert as_bytes(int(size)) == text


def test_counts() -> None:
    assert [counted(0, "file"), counted(1, "file"), counted(2, "box", "boxes")] == [
        "0 files",
        "1 file",
        "2 boxes",
    ]
