"""Peaks and loudness, whatever the blocks they come in."""

from __future__ import annotations

import numpy as np
import pytest
from audiohook_fw_recorder.commands.levels import Levels, decibels
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(1, 500), st.integers(1, 90), st.lists(st.integers(1, 200), max_size=8))
def test_peaks_do_not_depend_on_blocks(length: int, columns: int, sizes: list[int]) -> None:
    samples = np.random.default_rng(length).integers(-32768, 32768, (length, 2), np.int16)
    levels = Levels(length, 2, columns)
    start = 0
    for size in [*sizes, length]:
        levels.add(start, samples[start : start + size])
        start = min(length, start + size)
    column_of = np.arange(length) * levels.columns // length
    for column in range(levels.columns):
        expected = np.abs(samples[column_of == column].astype(int)).max(axis=0)
        assert levels.peaks[:, column].tolist() == expected.tolist()
    assert levels.columns == min(columns, length)


def test_levels_of_known_signals() -> None:
    time = np.arange(8000)
    sine = (32767 * np.sin(2 * np.pi * 100 * time / 8000)).astype(np.int16)
    levels = Levels(8000, 2, 10)
    levels.add(0, np.stack([sine, np.zeros_like(sine)], axis=1))
    assert levels.peak(0) == pytest.approx(0, abs=0.01)
    assert levels.loudness(0) == pytest.approx(-3.01, abs=0.01)
    assert levels.peak(1) is None
    assert levels.loudness(1) is None
    assert decibels(3276.8) == pytest.approx(-20)


def test_gaps_count_nothing_and_what_is_too_long_is_cut() -> None:
    levels = Levels(100, 1, 10)
    levels.add(50, np.full((80, 1), -32768, np.int16))
    assert levels.peaks.tolist() == [[-1] * 5 + [32768] * 5]
    assert levels.loudness(0) == pytest.approx(0)
    assert Levels(0, 1, 10).loudness(0) is None
