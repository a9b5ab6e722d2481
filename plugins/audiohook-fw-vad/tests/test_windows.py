"""Every sample is in one window, in order, and windows know their place whatever is missing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from audiohook_fw_vad.windows import Windows
from hypothesis import given
from hypothesis import strategies as st

SIZE = 64
pieces = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 300), st.sampled_from(["take", "", "everything"])),
    max_size=20,
)


@given(pieces)
def test_any_pieces(steps: list[tuple[int, int, str]]) -> None:
    windows = Windows(SIZE)
    places: list[int] = []
    taken = []
    position = 0
    for length, gap, then in steps:
        position += gap
        numbers = np.arange(position, position + length).astype(np.int16)
        windows.put(position, numbers)
        places += range(position, position + length)
        position += length
        if then:
            taken += windows.take(everything=then == "everything")
            assert windows.waiting < SIZE
            assert not (then == "everything" and windows.waiting)
    taken += windows.take(everything=True)
    heard = [int(sample) for window in taken for sample in window.samples[: window.heard]]
    assert heard == places
    index = 0
    for window in taken:
        assert len(window.samples) == SIZE
        assert window.start == places[index]
        index += window.heard
        assert window.end == places[index - 1] + 1
        assert not window.samples[window.heard :].any()
    assert all(before.end <= after.start for before, after in pairwise(taken))


def test_nothing_gives_nothing() -> None:
    windows = Windows(SIZE)
    windows.put(0, np.zeros(SIZE - 1, dtype=np.int16))
    assert windows.take() == []
    assert windows.waiting == SIZE - 1
    (last,) = windows.take(everything=True)
    assert (last.start, last.end, last.heard) == (0, SIZE - 1, SIZE - 1)
    assert windows.take(everything=True) == []
