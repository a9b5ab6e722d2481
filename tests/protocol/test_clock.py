from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.protocol import ClockGap, StreamClock

S = 8000


def make(**options: object) -> StreamClock:
    return StreamClock(S, **{"opened_at": 100.0, **options})  # type: ignore[arg-type]


def test_audio_counts():
    clock = make()
    assert clock.advance(1600) == (0, 0)
    assert clock.advance(1) == (1600, 0)
    assert (clock.position, clock.audio, clock.paused, clock.discarded) == (1601, 1601, 0, 0)


def test_a_discard_at_the_position_moves_on_and_shows_before_the_next_frame_only():
    clock = make()
    clock.advance(S)
    assert clock.discard(S, 2 * S, 101.0) == ClockGap(S, 2 * S)
    assert clock.advance(10) == (3 * S, 2 * S)
    assert clock.advance(10) == (3 * S + 10, 0)
    assert clock.discarded == 2 * S


def test_a_discard_that_starts_ahead_covers_the_hole_before_it_too():
    clock = make()
    clock.advance(S)
    assert clock.discard(4 * S, S, 101.0) == ClockGap(S, 4 * S)
    assert clock.position == 5 * S


def test_a_discard_that_starts_before_the_position_still_moves_on_by_its_length():
    clock = make()
    clock.advance(5 * S)
    assert clock.discard(S, 2 * S, 101.0) == ClockGap(5 * S, 2 * S)


def test_a_pause_moves_on_to_its_end():
    clock = make()
    clock.advance(S)
    assert clock.resume(S, 10 * S, 111.0) == ClockGap(S, 10 * S)
    assert (clock.position, clock.paused, clock.discarded) == (11 * S, 10 * S, 0)


def test_a_client_that_freezes_its_position_in_a_pause_gets_no_gap():
    clock = make()
    clock.advance(S)
    assert clock.resume(S, 0, 111.0) == ClockGap(S, 0)
    assert clock.advance(1) == (S, 0)


def test_it_never_runs_backwards():
    clock = make()
    clock.advance(5 * S)
    assert clock.resume(S, S, 105.0) == ClockGap(5 * S, 0)
    assert clock.position == 5 * S


def test_gaps_add_up_until_audio_comes():
    clock = make()
    clock.discard(0, 100, 100.0)
    clock.resume(100, 50, 100.0)
    assert clock.advance(1) == (150, 150)


def test_a_claim_longer_than_the_call_is_cut_and_counted():
    clock = make(max_gap=30.0)
    gap = clock.discard(0, 10**9 * S, 110.0)
    assert gap == ClockGap(0, 40 * S, clamped=True)
    assert clock.discard(0, 1, 110.0) == ClockGap(40 * S, 0, clamped=True)
    assert clock.resume(10**9 * S, 0, 111.0) == ClockGap(40 * S, S, clamped=True)
    assert (clock.position, clock.clamped) == (41 * S, 3)


def test_a_claim_just_within_the_bound_is_not_cut():
    clock = make(max_gap=30.0)
    assert not clock.discard(0, 40 * S, 110.0).clamped
    assert clock.clamped == 0


def test_time_that_steps_back_does_not_make_the_bound_negative():
    clock = make(max_gap=1.0)
    assert clock.discard(0, 2 * S, 50.0) == ClockGap(0, S, clamped=True)


def test_without_a_bound_everything_is_believed():
    clock = make(max_gap=None)
    assert clock.discard(0, 10**9 * S, 100.0) == ClockGap(0, 10**9 * S)


def test_the_origin_is_what_the_wire_calls_the_start():
    clock = make(origin=100 * S)
    assert clock.advance(S) == (0, 0)
    assert clock.discard(101 * S, S, 101.0) == ClockGap(S, S)
    assert clock.resume(102 * S, 3 * S, 101.0) == ClockGap(2 * S, 3 * S)
    assert clock.drift(105 * S) == 0
    assert clock.drift(104 * S) == -S


def test_an_origin_beyond_all_starts_harms_nothing():
    clock = make(origin=10**20)
    clock.advance(S)
    assert clock.discard(0, S, 101.0) == ClockGap(S, S)
    assert clock.resume(0, S, 101.0) == ClockGap(2 * S, 0)


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["advance", "discard", "resume"]),
        st.integers(0, 100 * S) | st.integers(0, 10**22),
        st.integers(0, 100 * S) | st.integers(0, 10**22),
        st.floats(-5, 50),
    ),
    max_size=40,
)


@given(MOVES, st.none() | st.floats(0, 60), st.integers(0, 10**22))
def test_positions_are_contiguous_and_bounded(
    moves: list[tuple[str, int, int, float]], max_gap: float | None, origin: int
):
    clock = make(max_gap=max_gap, origin=origin)
    now = latest = 100.0
    gaps = expected = pending = 0
    for move, start, length, step in moves:
        now += step
        latest = max(latest, now)
        if move == "advance":
            assert clock.advance(length) == (expected, pending)
            expected, pending = expected + length, 0
        else:
            gap = getattr(clock, move)(start, length, now)
            assert (gap.start, gap.length >= 0) == (expected, True)
            expected, pending, gaps = expected + gap.length, pending + gap.length, gaps + gap.length
        assert clock.position == expected
    assert clock.position == clock.audio + clock.paused + clock.discarded
    assert clock.paused + clock.discarded == gaps
    if max_gap is not None:
        assert gaps <= (latest - 100.0 + max_gap) * S


@pytest.mark.parametrize("name", ["position", "audio", "paused", "discarded", "clamped"])
def test_everything_starts_at_nothing(name: str):
    assert getattr(make(origin=77), name) == 0
