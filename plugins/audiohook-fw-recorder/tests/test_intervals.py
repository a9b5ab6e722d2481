"""Stretches of call time are what a set of samples would be."""

from __future__ import annotations

from itertools import pairwise

from audiohook_fw_recorder.intervals import Intervals
from hypothesis import given
from hypothesis import strategies as st

stretch = st.tuples(st.integers(0, 40), st.integers(0, 40))


def samples(stretches: object) -> set[int]:
    return {at for start, end in stretches for at in range(start, end)}  # type: ignore[attr-defined]


@given(st.lists(st.tuples(st.booleans(), stretch), max_size=30), stretch)
def test_they_hold_what_a_set_would(
    changes: list[tuple[bool, tuple[int, int]]], asked: tuple[int, int]
) -> None:
    intervals, expected = Intervals(), set[int]()
    for added, (start, end) in changes:
        joins = intervals.touches(start, end)
        before = len(intervals)
        if added:
            intervals.add(start, end)
            expected |= set(range(start, end))
            if start < end:
                assert joins == (len(intervals) <= before)
        else:
            intervals.remove(start, end)
            expected -= set(range(start, end))
        assert samples(intervals) == expected
        assert all(a[1] < b[0] for a, b in pairwise(intervals))  # in order, and none touches another
        assert all(start < end for start, end in intervals)
    assert intervals.end == max(expected, default=-1) + 1
    assert samples(intervals.within(*asked)) == expected & set(range(*asked))
    assert samples(intervals.without(*asked)) == set(range(*asked)) - expected
    assert samples(Intervals(intervals)) == expected


def test_a_copy_stays_as_it_is() -> None:
    intervals = Intervals([(1, 2)])
    copied = intervals.copy()
    intervals.add(5, 9)
    assert (repr(copied), repr(intervals)) == ("Intervals([(1, 2)])", "Intervals([(1, 2), (5, 9)])")
