"""`Upsampler`: 8,000 to 16,000 samples a second for live audio, without moving anything in time."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from .types import Samples

__all__ = ["Upsampler"]

_REACH: Final = 16
"""Samples on each side of a new one that it is made of: 2 ms at 8,000 Hz."""


def _taps() -> npt.NDArray[np.float32]:
    distance = np.arange(-_REACH, _REACH) + 0.5
    taps = np.sinc(distance) * np.kaiser(2 * _REACH + 2, 6.0)[1:-1]
    return np.asarray(taps / taps.sum(), np.float32)


_TAPS: Final = _taps()


class Upsampler:
    """A half-band filter with memory: every other sample is an old one, and one is new between each two.

    Sample n that goes in comes out as sample 2n, so times stay what they are. `factor` 1 changes nothing.
    """

    __slots__ = ("_factor", "_tail")

    def __init__(self, factor: int) -> None:
        if factor not in (1, 2):
            raise ValueError(f"audio can be given at its own rate or at twice that, not {factor} times")
        self._factor = factor
        self._tail = np.zeros(_REACH - 1, np.int16)

    def feed(self, samples: Samples) -> Samples:
        """Return what can be made of all that was fed; the last 2 ms wait for what follows."""
        if self._factor == 1:
            return samples
        known = np.concatenate((self._tail, samples))
        count = len(known) - 2 * _REACH + 1
        if count <= 0:
            self._tail = known
            return np.empty(0, np.int16)
        self._tail = known[count:]
        result = np.empty(2 * count, np.int16)
        result[::2] = known[_REACH - 1 : _REACH - 1 + count]
        between = np.convolve(known.astype(np.float32), _TAPS, "valid")[:count]
        result[1::2] = np.clip(np.rint(between), -32768, 32767)
        return result

    def flush(self) -> Samples:
        """Return the rest, as if silence followed, and begin anew."""
        if self._factor == 1:
            return np.empty(0, np.int16)
        rest = self.feed(np.zeros(_REACH, np.int16))
        self._tail = np.zeros(_REACH - 1, np.int16)
        return rest
