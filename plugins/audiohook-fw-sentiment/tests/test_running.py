"""The running mood: weighted by length, fading, of whatever order."""

from __future__ import annotations

import pytest
from audiohook_fw_sentiment.running import RunningMean
from hypothesis import given
from hypothesis import strategies as st

RATE = 8000
PARTS = st.lists(
    st.tuples(st.floats(-1, 1), st.integers(0, 3600 * RATE), st.integers(0, 30 * RATE)),
    min_size=1,
    max_size=20,
)
Part = tuple[float, int, int]


def mean_of(parts: list[Part], half_life: float = 60.0) -> RunningMean:
    mean = RunningMean(half_life * RATE, RATE)
    for score, start, length in parts:
        mean.add(score, start=start, length=length)
    return mean


def test_nothing_is_neutral() -> None:
    assert mean_of([]).score == 0.0


def test_one_counts_as_it_is() -> None:
    mean = mean_of([(-0.4, 800, 1600)])
    assert (mean.score, mean.start, mean.end) == (pytest.approx(-0.4), 800, 2400)


def test_a_longer_utterance_counts_more() -> None:
    assert mean_of([(1.0, 0, 6 * RATE), (-1.0, 0, 6 * RATE)]).score == pytest.approx(0.0)
    mean = mean_of([(1.0, 4 * RATE, 2 * RATE), (-1.0, 0, 6 * RATE)])
    assert mean.score == pytest.approx((2 - 6) / 8)


def test_lengths_are_bounded() -> None:
    mean = mean_of([(1.0, 100 * RATE, 0), (-1.0, 0, 100 * RATE)])
    assert mean.score == pytest.approx((1 - 10) / 11)


def test_after_a_half_life_it_counts_half() -> None:
    mean = mean_of([(1.0, 0, RATE), (-1.0, 60 * RATE, RATE)])
    assert mean.score == pytest.approx((0.5 - 1) / 1.5)


def test_a_very_long_silence_leaves_the_latest() -> None:
    mean = mean_of([(1.0, 0, RATE), (-0.5, 10**12, RATE), (1.0, 0, RATE)], half_life=1.0)
    assert mean.score == pytest.approx(-0.5)


@given(PARTS, st.floats(1, 1000))
def test_it_is_the_weighted_mean_in_any_order(parts: list[Part], half_life: float) -> None:
    last = max(start + length for _, start, length in parts)
    weights = [
        max(1, min(10, length / RATE)) * 2 ** (-(last - start - length) / (half_life * RATE))
        for _, start, length in parts
    ]
    total = sum(weight * score for weight, (score, _, _) in zip(weights, parts, strict=True))
    for order in (parts, parts[::-1]):
        mean = mean_of(order, half_life)
        assert mean.score == pytest.approx(total / sum(weights), abs=1e-6)
        assert min(score for score, _, _ in parts) - 1e-6 <= mean.score
        assert mean.score <= max(score for score, _, _ in parts) + 1e-6
        assert (mean.start, mean.end) == (min(start for _, start, _ in parts), last)
