from __future__ import annotations

import numpy as np
import pytest

from audiohook_fw.audio import deinterleave, interleave, noise, silence, tone


def test_tone_has_frequency_length_and_level():
    samples = tone(1000, 0.5, 16000, 0.25)
    assert (samples.shape, samples.dtype) == ((8000,), np.int16)
    assert samples[0] == 0
    assert abs(int(samples.max()) - 0.25 * 32767) < 1
    assert int(np.argmax(np.abs(np.fft.rfft(samples)))) == 500  # bins are 2 Hz wide


def test_noise_is_seeded_and_within_its_amplitude():
    samples = noise(1.0, amplitude=0.1, seed=3)
    assert np.array_equal(samples, noise(1.0, amplitude=0.1, seed=3))
    assert not np.array_equal(samples, noise(1.0, amplitude=0.1, seed=4))
    assert 0.09 * 32767 < np.abs(samples).max() <= round(0.1 * 32767)
    assert samples.shape == (8000,)


def test_silence():
    assert silence(0.25).tolist() == [0] * 2000


@pytest.mark.parametrize("amplitude", [-0.1, 1.01])
def test_amplitude_out_of_range_is_refused(amplitude: float):
    with pytest.raises(ValueError, match="from 0 to 1"):
        tone(440, 0.1, amplitude=amplitude)


def test_interleave_fills_up_with_silence():
    joined = interleave(np.array([1, 2, 3], np.int16), np.array([4], np.int16))
    assert joined.tolist() == [[1, 4], [2, 0], [3, 0]]
    first, second = deinterleave(joined)
    assert (first.tolist(), second.tolist()) == ([1, 2, 3], [4, 0, 0])
    assert interleave().shape == (0, 0)
