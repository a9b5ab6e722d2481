"""Twice the rate: nothing moves, nothing is lost, and the pieces do not matter."""

from __future__ import annotations

import numpy as np
import pytest
from audiohook_fw_asr.upsampling import Upsampler
from hypothesis import given
from hypothesis import strategies as st


def tone(hertz: float, rate: int, count: int) -> np.ndarray:
    return np.rint(8000 * np.sin(2 * np.pi * hertz * np.arange(count) / rate)).astype(np.int16)


@given(st.lists(st.integers(0, 120), max_size=20))
def test_pieces_do_not_matter(cuts: list[int]) -> None:
    audio = tone(440, 8000, sum(cuts))
    upsampler, parts, at = Upsampler(2), [], 0
    for cut in cuts:
        parts.append(upsampler.feed(audio[at : at + cut]))
        at += cut
    parts.append(upsampler.flush())
    whole = Upsampler(2)
    expected = np.concatenate((whole.feed(audio), whole.flush()))
    assert np.concatenate(parts).tolist() == expected.tolist()
    assert len(expected) == 2 * len(audio)
    assert expected[::2].tolist() == audio.tolist()


@pytest.mark.parametrize("hertz", [300, 1000, 3000])
def test_a_tone_stays_a_tone(hertz: float) -> None:
    upsampler = Upsampler(2)
    made = np.concatenate((upsampler.feed(tone(hertz, 8000, 4000)), upsampler.flush()))
    error = made[200:-200].astype(float) - tone(hertz, 16000, 8000)[200:-200]
    assert np.abs(error).max() < 80  # of 8000: 40 dB below


def test_its_own_rate_is_left_as_it_is() -> None:
    samples = tone(440, 8000, 100)
    upsampler = Upsampler(1)
    assert upsampler.feed(samples) is samples
    assert len(upsampler.flush()) == 0
    with pytest.raises(ValueError, match="not 3 times"):
        Upsampler(3)
