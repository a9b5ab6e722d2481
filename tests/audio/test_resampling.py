from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiohook_fw.audio import Samples, interleave, resample, tone

RATES = [
    (8000, 16000),
    (16000, 8000),
    (44100, 8000),
    (48000, 8000),
    (8000, 44100),
    (22050, 8000),
    (8000, 11025),
]


def level(samples: Samples, rate: int, frequency: float) -> float:
    """Return the amplitude of one frequency in the middle half, as a part of full scale."""
    middle = samples[len(samples) // 4 : 3 * len(samples) // 4].astype(float)
    window = np.hanning(len(middle))
    phase = np.exp(-2j * np.pi * frequency / rate * np.arange(len(middle)))
    return float(2 * abs(np.sum(middle * window * phase)) / np.sum(window) / 32767)


@pytest.mark.parametrize(("from_rate", "to_rate"), RATES)
@pytest.mark.parametrize("part", [0.01, 0.25, 0.5, 0.9])
def test_tone_in_the_pass_band_survives(from_rate: int, to_rate: int, part: float):
    frequency = part * min(from_rate, to_rate) / 2
    result = resample(tone(frequency, 1.0, from_rate, 0.5), from_rate, to_rate)
    assert 20 * np.log10(level(result, to_rate, frequency) / 0.5) == pytest.approx(0, abs=0.1)
    # What is not the tone (images, rounding) is below -60 dB.
    middle = slice(len(result) // 4, 3 * len(result) // 4)
    error = result.astype(float) - tone(frequency, len(result) / to_rate, to_rate, 0.5)[: len(result)]
    assert error[middle].std() / (0.5 * 32767) < 0.001


@pytest.mark.parametrize(
    ("from_rate", "frequency"), [(16000, 4040), (16000, 7900), (44100, 4100), (48000, 12345), (22050, 5000)]
)
def test_what_would_alias_is_gone(from_rate: int, frequency: int):
    result = resample(tone(frequency, 1.0, from_rate, 0.9), from_rate, 8000).astype(float)
    middle = result[len(result) // 4 : 3 * len(result) // 4]
    assert middle.std() / (0.9 * 32767 / 2**0.5) < 0.0006  # -64 dB


@given(st.integers(1, 300), st.integers(1, 500), st.integers(1, 500), st.integers(1, 2))
@settings(max_examples=30, deadline=None)
def test_shape_for_any_rates(count: int, from_rate: int, to_rate: int, channels: int):
    samples = np.full((count, channels), 1000, np.int16)
    result = resample(samples, from_rate, to_rate)
    assert result.dtype == np.int16
    assert result.shape == (-(-count * to_rate // from_rate), channels)


def test_constant_stays_constant():
    result = resample(np.full(2000, 12345, np.int16), 8000, 11025)
    assert set(result[500:-500].tolist()) == {12345}


def test_nothing_is_delayed():
    samples = np.zeros(1000, np.int16)
    samples[500] = 20000
    assert int(np.argmax(resample(samples, 8000, 24000))) == 1500


def test_full_scale_does_not_wrap_round():
    square = np.where(np.arange(4000) % 80 < 40, 32767, -32768).astype(np.int16)
    result = resample(square, 8000, 16000)
    assert np.all(result[1010:1070:160] > 30000)
    assert result.max() == 32767
    assert result.min() == -32768


def test_channels_stay_apart():
    stereo = interleave(tone(440, 0.5), np.zeros(4000, np.int16))
    result = resample(stereo, 8000, 16000)
    assert np.array_equal(result[:, 0], resample(stereo[:, 0], 8000, 16000))
    assert not np.any(result[:, 1])


def test_same_rate_is_a_copy():
    samples = tone(440, 0.1)
    result = resample(samples, 8000, 8000)
    assert np.array_equal(result, samples)
    assert not np.shares_memory(result, samples)


def test_nothing_becomes_nothing():
    assert resample(np.zeros((0, 2), np.int16), 8000, 16000).shape == (0, 2)


def test_wrong_arguments_are_refused():
    with pytest.raises(TypeError, match="int16 samples, not float64"):
        resample(np.zeros(3), 8000, 16000)  # type: ignore[arg-type]
    for rates in ((0, 8000), (8000, -1)):
        with pytest.raises(ValueError, match="must be positive"):
            resample(np.zeros(3, np.int16), *rates)
