"""Indices and call time, against a list of every sample."""

from __future__ import annotations

from audiohook_fw_asr.timeline import Timeline
from hypothesis import given
from hypothesis import strategies as st

PIECES = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), max_size=20)


@given(PIECES)
def test_every_sample_is_at_its_place(pieces: list[tuple[int, int]]) -> None:
    timeline, places, position = Timeline(), [], 0
    for gap, length in pieces:
        position += gap
        timeline.append(position, length)
        places += range(position, position + length)
        position += length
    assert timeline.end == len(places)
    for index, place in enumerate(places):
        assert timeline.start_of(index) == place
        assert timeline.end_of(index + 1) == place + 1
        assert timeline.index_of(place) == index
    for place in set(range(position + 30)) - set(places):  # a gap: the next sample
        later = [index for index, other in enumerate(places) if other > place]
        assert timeline.index_of(place) == (later[0] if later else len(places))


def test_a_stretch_may_go_over_a_gap() -> None:
    timeline = Timeline()
    timeline.append(100, 10)
    timeline.append(150, 10)
    assert (timeline.start_of(10), timeline.end_of(10)) == (150, 110)


def test_gaps_without_end_take_no_memory_without_end() -> None:
    timeline = Timeline()
    for number in range(30_000):
        timeline.append(number * 10, 5)
    assert len(timeline._indices) <= 10_000
    assert timeline.start_of(149_999) == 299_994
    assert timeline.start_of(0) >= 0
