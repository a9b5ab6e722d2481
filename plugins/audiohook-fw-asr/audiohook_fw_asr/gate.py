"""`EnergyGate`: tells speech from silence by level, where no other plugin does."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from .types import Samples

__all__ = ["EnergyGate", "Speech", "is_quiet"]

_HOP: Final = 0.02
_ABOVE: Final = 10.0  # dB above the noise
_LEAST: Final = -50.0  # dB of full scale
_QUIETEST_NOISE: Final = -70.0
_LOUDEST_NOISE: Final = -30.0
_MEMORY: Final = 2.0  # seconds: nobody speaks longer without a breath
_ONSET: Final = 3  # hops
_SHORTEST: Final = 0.1
_HANGOVER: Final = 0.3
_QUIET: Final = -40.0  # dB of full scale


@dataclass(frozen=True, slots=True)
class Speech:
    """Speech began at index `start`; `end` is `None` while it goes on."""

    start: int
    end: int | None = None


class EnergyGate:
    """Follows the noise of one channel: what is well above it is speech. Indices are of received samples.

    Speech ends after 0.3 s below; anything shorter than 0.1 s is none.

    Args:
        at: index of the first sample that it will be fed.
    """

    def __init__(self, rate: int, at: int = 0) -> None:
        self._hop = round(_HOP * rate)
        self._hangover = round(_HANGOVER / _HOP)
        self._shortest = round(_SHORTEST * rate)
        self._levels = deque([_QUIETEST_NOISE], maxlen=round(_MEMORY / _HOP))
        self._rest = np.empty(0, np.int16)
        self._at = at
        self._start: int | None = None
        self._told = False
        self._loud = self._quiet = 0
        self._last = 0

    def feed(self, samples: Samples) -> list[Speech]:
        """Return what began and what ended."""
        if len(self._rest):
            samples = np.concatenate((self._rest, samples))
        count = len(samples) // self._hop
        self._rest = samples[count * self._hop :]
        heard: list[Speech] = []
        for level in _levels(samples, self._hop):
            self._step(level, heard)
            self._at += self._hop
        return heard

    def end(self) -> list[Speech]:
        """End what goes on, at the end of what was fed."""
        heard: list[Speech] = []
        self._at += len(self._rest)
        self._rest = self._rest[:0]
        if self._start is not None:
            self._last = self._at
            self._stop(heard)
        self._loud = 0
        return heard

    def _step(self, level: float, heard: list[Speech]) -> None:
        self._levels.append(max(level, _QUIETEST_NOISE))
        noise = min(min(self._levels), _LOUDEST_NOISE)  # the quietest that was heard of late
        if level > max(noise + _ABOVE, _LEAST):
            self._quiet = 0
            self._loud += 1
            self._last = self._at + self._hop
            if self._start is None and self._loud >= _ONSET:
                self._start = self._last - self._loud * self._hop
            if self._start is not None and not self._told and self._last - self._start >= self._shortest:
                self._told = True
                heard.append(Speech(self._start))
        else:
            self._loud = 0
            self._quiet += 1
            if self._start is not None and self._quiet >= self._hangover:
                self._stop(heard)

    def _stop(self, heard: list[Speech]) -> None:
        assert self._start is not None
        if self._told:
            heard.append(Speech(self._start, self._last))
        self._start = None
        self._told = False


def is_quiet(samples: Samples, rate: int) -> bool:
    """Tell whether nobody speaks in this audio, for want of anything better: nothing in it is loud."""
    return max(_levels(samples, round(_HOP * rate)), default=-100.0) < _QUIET


def _levels(samples: Samples, hop: int) -> list[float]:
    """Return the levels of whole hops in dB of full scale."""
    count = len(samples) // hop
    blocks = samples[: count * hop].reshape(count, hop).astype(np.float32)
    power = np.mean((blocks - blocks.mean(axis=1, keepdims=True)) ** 2, axis=1)
    levels: list[float] = (10 * np.log10(power / 32768.0**2 + 1e-12)).tolist()
    return levels
