"""Every sample of a call is counted once, whatever the order of pauses."""

from __future__ import annotations

import pytest
from audiohook_fw_cost.figures import Figures, Leg
from audiohook_fw_cost.meter import MAX_PIECES, Meter
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw import Gap

DAY = "2026-01-31"
NOWHERE, SALES, HELP = Leg("", DAY), Leg("sales", DAY), Leg("help", DAY)


@pytest.fixture
def meter() -> Meter:
    return Meter(8000, NOWHERE, 100.0)


def only(meter: Meter) -> Figures:
    assert len(meter.legs) == 1
    return next(iter(meter.legs.values()))


def test_audio_is_streamed(meter: Meter) -> None:
    meter.finish(12345, 200.0)
    assert only(meter) == Figures(streamed=12345)


@pytest.mark.parametrize("by_client", [True, False])
def test_a_pause_is_as_long_as_the_wire_says(meter: Meter, by_client: bool) -> None:
    meter.pause(800, 101.0, by_client=by_client)
    meter.resume(Gap(800, 16001), 103.5)  # the clock says 20,000
    meter.finish(800 + 16001 + 160, 104.0)
    paused = {"client_paused" if by_client else "server_paused": 16001}
    assert only(meter) == Figures(streamed=960, **paused)


def test_what_a_pause_was_made_of_is_told_by_the_clock(meter: Meter) -> None:
    meter.pause(0, 100.0, by_client=True)
    meter.pause(0, 101.0, by_client=False)  # ours on top
    meter.pause(0, 103.0, by_client=True)  # the answer to our `resume`
    meter.resume(Gap(0, 56_003), 107.0)
    assert only(meter) == Figures(client_paused=8000 + 32_003, server_paused=16_000)


def test_parts_never_add_up_to_more_than_the_whole(meter: Meter) -> None:
    meter.pause(0, 100.0, by_client=True)
    meter.pause(0, 110.0, by_client=False)
    meter.resume(Gap(0, 8000), 120.0)  # the wire says 1 s of what took 20
    assert only(meter) == Figures(client_paused=8000)


def test_discards_count_on_their_own_also_within_a_pause(meter: Meter) -> None:
    meter.discard(Gap(100, 50))
    meter.pause(150, 101.0, by_client=False)
    meter.discard(Gap(150, 30))
    meter.resume(Gap(180, 70), 102.0)
    meter.finish(300, 103.0)
    assert only(meter) == Figures(streamed=150, discarded=80, server_paused=70)


def test_a_call_that_ends_in_a_pause_was_paused_until_then(meter: Meter) -> None:
    meter.pause(8000, 101.0, by_client=False)
    assert meter.figures(8000, 103.0)[NOWHERE] == Figures(8000, server_paused=16_000)
    assert only(meter) == Figures(8000)  # not yet certain
    meter.finish(8000, 111.0)
    assert only(meter) == Figures(8000, server_paused=80_000)


def test_resumed_without_a_pause_is_taken_as_it_comes(meter: Meter) -> None:
    meter.resume(Gap(80, 160), 101.0)
    meter.finish(320, 102.0)
    assert only(meter) == Figures(streamed=160, client_paused=160)


def test_a_pause_whose_end_was_not_heard_of_does_not_last_forever(meter: Meter) -> None:
    meter.pause(100, 101.0, by_client=False)
    meter.finish(5000, 999.0)
    assert only(meter) == Figures(streamed=5000)


def test_a_call_without_media_is_measured_by_the_clock() -> None:
    meter = Meter(8000, NOWHERE, 100.0, has_audio=False)
    meter.pause(0, 101.0, by_client=True)
    meter.discard(Gap(0, 77))
    meter.resume(Gap(77, 99), 103.0)
    meter.finish(176, 103.5)
    assert only(meter) == Figures(without_media=12_000, client_paused=16_000)


def test_time_goes_to_the_queue_the_call_is_in(meter: Meter) -> None:
    meter.move(SALES, 1000, 101.0)  # what came before it was known goes along
    meter.move(HELP, 3000, 102.0)
    meter.pause(4000, 103.0, by_client=False)
    meter.move(SALES, 4000, 105.0)
    meter.resume(Gap(4000, 20_000), 105.5)
    meter.finish(24_500, 106.0)
    assert meter.legs == {
        SALES: Figures(streamed=3000 + 500, server_paused=4000),
        HELP: Figures(streamed=1000, server_paused=16_000),
    }


def test_a_queue_that_becomes_known_in_a_pause_after_midnight(meter: Meter) -> None:
    meter.pause(100, 101.0, by_client=False)
    meter.move(Leg("", "2026-02-01"), 100, 102.0)
    meter.move(Leg("sales", "2026-02-01"), 100, 103.0)
    meter.resume(Gap(100, 32_000), 105.0)
    meter.finish(32_100, 105.0)
    assert meter.legs == {
        SALES: Figures(streamed=100, server_paused=8000),
        Leg("sales", "2026-02-01"): Figures(server_paused=24_000),
    }


def test_a_queue_and_a_day_that_come_at_once_in_a_pause(meter: Meter) -> None:
    meter.pause(0, 100.0, by_client=False)
    meter.move(Leg("sales", "2026-02-01"), 0, 101.0)
    meter.finish(0, 103.0)
    assert meter.legs == {
        SALES: Figures(server_paused=8000),
        Leg("sales", "2026-02-01"): Figures(server_paused=16_000),
    }


def test_a_client_that_flickers_costs_no_memory(meter: Meter) -> None:
    for number in range(3 * MAX_PIECES):
        meter.pause(0, 100.0 + number, by_client=bool(number % 2))
    assert len(meter._pieces) == MAX_PIECES
    meter.finish(0, 100.0 + 3 * MAX_PIECES)
    assert only(meter).connected == 3 * MAX_PIECES * 8000


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("audio"), st.integers(1, 9000)),
        st.tuples(st.just("pause"), st.booleans()),
        st.tuples(st.just("resume"), st.integers(0, 90_000)),
        st.tuples(st.just("discard"), st.integers(0, 9000)),
        st.tuples(st.just("move"), st.sampled_from([NOWHERE, SALES, HELP, Leg("", "2026-02-01")])),
        st.tuples(st.just("wait"), st.floats(0, 20, allow_nan=False)),
    ),
    max_size=40,
)


@given(steps=STEPS)
def test_the_figures_are_the_call_s_length_to_the_sample(steps: list[tuple[str, object]]) -> None:
    meter, position, now, paused_at = Meter(8000, NOWHERE, 0.0), 0, 0.0, None
    for what, value in steps:
        if what == "audio" and paused_at is None:
            assert isinstance(value, int)
            position += value
        elif what == "pause":
            meter.pause(position, now, by_client=bool(value))
            paused_at = now if paused_at is None else paused_at
        elif what in ("resume", "discard"):
            assert isinstance(value, int)
            gap = Gap(position, value)
            position += value
            if what == "resume":
                meter.resume(gap, now)
                paused_at = None
            else:
                meter.discard(gap)
        elif what == "move":
            assert isinstance(value, Leg)
            meter.move(value, position, now)
        elif what == "wait":
            assert isinstance(value, float)
            now += value
    tail = 0 if paused_at is None else round((now - paused_at) * 8000)
    for legs in (meter.figures(position, now), meter.legs):
        assert all(value >= 0 for figures in legs.values() for value in figures.values)
        if legs is meter.legs:
            meter.finish(position, now)
        assert sum(figures.connected for figures in legs.values()) == position + tail
