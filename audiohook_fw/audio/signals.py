"""Signals for tests and the simulator: tones, noise and silence as int16 samples."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from .g711 import Samples

__all__ = ["deinterleave", "interleave", "noise", "silence", "tone"]

_FULL_SCALE: Final = 32767


def tone(frequency: float, seconds: float, rate: int = 8000, amplitude: float = 0.5) -> Samples:
    """Return a sine of shape `(n,)` that starts at phase 0.

    `frequency` is in Hz, `amplitude` a part of full scale (0 to 1).
    """
    phase = 2 * np.pi * frequency / rate * np.arange(_count(seconds, rate))
    return _scale(np.sin(phase), amplitude)


def noise(seconds: float, rate: int = 8000, amplitude: float = 0.1, seed: int = 0) -> Samples:
    """Return white noise of shape `(n,)`, evenly spread over ±`amplitude` (0 to 1) of full scale.

    The same seed gives the same samples.
    """
    return _scale(np.random.default_rng(seed).uniform(-1, 1, _count(seconds, rate)), amplitude)


def silence(seconds: float, rate: int = 8000) -> Samples:
    """Return zeros of shape `(n,)`."""
    return np.zeros(_count(seconds, rate), np.int16)


def interleave(*channels: Samples) -> Samples:
    """Return channels of shape `(n,)` as one array of shape `(n, channels)`.

    The shorter ones are filled up with silence.
    """
    joined = np.zeros((max((len(c) for c in channels), default=0), len(channels)), np.int16)
    for column, channel in enumerate(channels):
        joined[: len(channel), column] = channel
    return joined


def deinterleave(samples: Samples) -> tuple[Samples, ...]:
    """Return the channels of an array of shape `(n, channels)`, each a view of shape `(n,)`."""
    return tuple(samples.T)


def _count(seconds: float, rate: int) -> int:
    return round(seconds * rate)


def _scale(values: npt.NDArray[np.float64], amplitude: float) -> Samples:
    if not 0 <= amplitude <= 1:
        raise ValueError(f"amplitude is a part of full scale, from 0 to 1, not {amplitude}")
    return np.rint(values * amplitude * _FULL_SCALE).astype(np.int16)
