"""One-shot change of sample rate, for files and tests. Live audio is never resampled here."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from .g711 import Samples

__all__ = ["resample"]

_ZERO_CROSSINGS: Final = 64  # of the sinc, on each side: sets how steep the filter is
_PASS_BAND: Final = 0.954  # the filter's middle: passes up to 91 %, rejects from 100 % of the lower Nyquist
_BLACKMAN_HARRIS: Final = (0.35875, 0.48829, 0.14128, 0.01168)  # a window with side lobes below -92 dB


def resample(samples: Samples, from_rate: int, to_rate: int) -> Samples:
    """Return int16 samples at another rate: shape `(n,)` or `(n, channels)`, as given.

    A windowed-sinc filter, one set of taps for each phase. Everything below 91 % of the lower rate's
    half passes unchanged, everything above that half is rejected by more than 60 dB. The signal is
    taken as silent beyond its ends, nothing is delayed, and n becomes `ceil(n * to_rate / from_rate)`.

    Raises:
        TypeError: when the array is not int16.
        ValueError: when a rate is not positive.
    """
    if samples.dtype != np.int16:
        raise TypeError(f"resample needs int16 samples, not {samples.dtype}: scale and convert them first")
    if from_rate <= 0 or to_rate <= 0:
        raise ValueError(f"sample rates must be positive, not {from_rate} and {to_rate}")
    if from_rate == to_rate or not samples.size:
        return samples.copy()
    result = _resample(samples.reshape(len(samples), -1), from_rate, to_rate)
    return result.reshape(len(result), *samples.shape[1:])


def _resample(samples: Samples, from_rate: int, to_rate: int) -> Samples:
    common = math.gcd(from_rate, to_rate)
    up, down = to_rate // common, from_rate // common
    cutoff = min(1.0, up / down) * _PASS_BAND
    half = math.ceil(_ZERO_CROSSINGS * max(1.0, down / up))
    padded = np.pad(samples.astype(np.float64), ((half, half), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, axis=0)
    result = np.empty((-(-len(samples) * up // down), samples.shape[1]))
    # Output n lies at n * down / up of the input; all n with the same rest share one set of taps.
    for phase in range(min(up, len(result))):
        first, rest = divmod(phase * down, up)
        rows = len(range(phase, len(result), up))
        result[phase::up] = windows[first : first + rows * down : down] @ _taps(rest / up, cutoff, half)
    return np.clip(np.rint(result), -32768, 32767).astype(np.int16)


def _taps(fraction: float, cutoff: float, half: int) -> npt.NDArray[np.float64]:
    """Return the filter for an output `fraction` of a sample after the window's middle."""
    distance = np.arange(-half, half + 1) - fraction
    one = np.cos(np.pi / (half + 1) * distance)
    two = 2 * one * one - 1
    three = 2 * one * two - one
    a, b, c, d = _BLACKMAN_HARRIS
    taps: npt.NDArray[np.float64] = np.sinc(cutoff * distance) * (a + b * one + c * two + d * three)
    taps /= taps.sum()  # so that a constant stays the same constant in every phase
    return taps
