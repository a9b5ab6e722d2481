"""Audio that is kept, and let go of."""

from __future__ import annotations

import numpy as np
from audiohook_fw_asr.audio import ChannelAudio
from hypothesis import given
from hypothesis import strategies as st


@given(
    st.lists(st.integers(0, 9), max_size=15),
    st.lists(st.integers(0, 80), max_size=5),
    st.integers(0, 90),
    st.integers(0, 90),
)
def test_what_is_kept_is_read_back(lengths: list[int], forgotten: list[int], start: int, stop: int) -> None:
    audio, whole = ChannelAudio(), np.arange(sum(lengths), dtype=np.int16)
    at = 0
    for number, length in enumerate(lengths):
        audio.append(at, whole[at : at + length])
        at += length
        if number < len(forgotten):
            audio.forget(forgotten[number])
    first = max([0, *(min(f, sum(lengths[: n + 1])) for n, f in enumerate(forgotten[: len(lengths)]))])
    assert (audio.start, audio.end) == (first, len(whole))
    read = audio.read(start, stop)
    assert read.tolist() == whole[max(start, first) : max(start, first, stop)].tolist()
    assert read.flags.c_contiguous


def test_what_is_let_go_of_is_gone() -> None:
    audio = ChannelAudio()
    for number in range(100):
        audio.append(number * 10, np.zeros(10, np.int16))
    audio.forget(995)
    assert len(audio._pieces) == 1
    audio.forget(5000)
    assert (audio._pieces, audio.start) == ([], 1000)
    audio.append(1000, np.ones(10, np.int16))
    assert audio.read(0, 2000).tolist() == [1] * 10
