"""Scores are what one counts by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .scoring import VadScore, frames, percentile
from .truth import RATE

TRUTH = [(RATE, 2 * RATE), (3 * RATE, 4 * RATE)]
LENGTH = 6 * RATE


def score(found: list[tuple[int, int]]) -> VadScore:
    result = VadScore()
    result.add(TRUTH, found, LENGTH)
    return result


def test_all_found() -> None:
    result = score(TRUTH)
    assert (result.recall, result.precision, result.close) == (1, 1, 1)
    assert result.onsets == result.ends == [0, 0]
    assert (result.missed, result.split, result.joined, result.false_segments) == (0, 0, 0, 0)


def test_half_found_and_something_that_is_not_there() -> None:
    result = score([(RATE + RATE // 2, 2 * RATE), (5 * RATE, 6 * RATE)])
    assert result.recall == 0.25
    assert result.precision == pytest.approx(1 / 3)
    assert (result.missed, result.false_segments) == (1, 1)
    assert result.onsets == [0.5]
    assert result.close == 0.25  # of four boundaries one end


def test_joined_and_split() -> None:
    joined = score([(RATE, 4 * RATE)])
    assert (joined.joined, joined.close) == (2, 0.5)
    split = score([(RATE, RATE + 100), (RATE + 4000, 2 * RATE), TRUTH[1]])
    assert (split.split, split.joined, split.close) == (1, 0, 1)


@given(st.lists(st.tuples(st.integers(0, LENGTH), st.integers(0, LENGTH)), max_size=5))
def test_shares_are_shares(pairs: list[tuple[int, int]]) -> None:
    result = score(sorted((min(pair), max(pair)) for pair in pairs))
    assert 0 <= result.recall <= 1
    assert 0 <= result.precision <= 1
    assert 0 <= result.close <= 1


def test_frames_go_by_their_middle() -> None:
    assert frames([(0, 80), (119, 240)], 240).tolist() == [True, True, True]
    assert frames([(39, 119)], 240).tolist() == [True, False, False]
    assert frames([(41, 121)], 240).tolist() == [False, True, False]


def test_percentile_of_sizes() -> None:
    assert percentile([-0.3, 0.1, 0.2], 100) == pytest.approx(0.3)
    assert percentile([], 50) == 0
