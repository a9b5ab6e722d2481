from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.protocol import TokenBucket


def test_full_at_the_start_then_filled_by_time_up_to_the_burst():
    bucket = TokenBucket(5, 3)
    assert [bucket.take(10.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.tokens(10.2) == pytest.approx(1)
    assert bucket.tokens(1000.0) == 3


def test_reserve_is_left_for_others():
    bucket = TokenBucket(5, 3)
    assert bucket.take(0.0, reserve=2)
    assert not bucket.take(0.0, reserve=2)
    assert bucket.wait(0.0, reserve=2) == pytest.approx(0.2)
    assert bucket.take(0.0)


def test_wait_is_zero_exactly_when_take_succeeds():
    bucket = TokenBucket(2, 1)
    assert bucket.wait(0.0) == 0.0
    assert bucket.take(0.0)
    assert bucket.wait(0.0) == 0.5
    assert bucket.wait(0.5) == 0.0


def test_a_clock_that_steps_back_adds_nothing_and_takes_nothing():
    bucket = TokenBucket(1, 2)
    assert bucket.take(100.0)
    assert bucket.tokens(50.0) == 1
    assert bucket.tokens(100.0) == 1
    assert bucket.tokens(100.5) == 1.5


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (1, 0.5)])
def test_senseless_settings_are_refused(rate: float, burst: float):
    with pytest.raises(ValueError, match="above 0"):
        TokenBucket(rate, burst)


@given(
    rate=st.floats(0.1, 100),
    burst=st.integers(1, 50),
    starts=st.floats(0, 1e6),
    steps=st.lists(st.floats(0, 3), max_size=30),
)
def test_waiting_as_told_is_always_enough_and_never_more_than_the_limit(
    rate: float, burst: int, starts: float, steps: list[float]
):
    bucket = TokenBucket(rate, burst)
    now, taken = starts, 0
    for step in steps:
        now += step
        wait = bucket.wait(now)
        if wait:
            assert not bucket.take(now)
            now += wait
        assert bucket.take(now)
        taken += 1
    assert taken <= burst + (now - starts) * rate + 0.01
