"""When each word was said: what Whisper says of it, put right by the level of the audio.

Whisper lets a word begin where the one before ends, and the first one where the piece begins, however long
nobody spoke.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from .messages import HeardWord

__all__ = ["word_times"]

_STEPS: Final = 100
"""Levels a second."""

_QUIET: Final = 0.1
"""What is below this share of the level of loud speech in the same piece (-20 dB) is between words."""

_SHORTEST: Final = 0.05


class TimedWord(Protocol):
    """A word as faster-whisper gives it; times in seconds."""

    word: str
    start: float
    end: float
    probability: float


def word_times(
    words: Iterable[TimedWord], samples: npt.NDArray[np.int16], rate: int
) -> tuple[HeardWord, ...]:
    """Return words without the silence around them, none outside of the piece."""
    is_loud = _loud(samples, rate)
    seconds = len(samples) / rate
    found = []
    for word in words:
        if text := word.word.strip():
            start = min(max(0.0, float(word.start)), seconds)
            end = min(max(start, float(word.end)), seconds)
            start, end = _trimmed(start, end, is_loud)
            found.append(HeardWord(text, start, end, float(word.probability)))
    return tuple(found)


def _loud(samples: npt.NDArray[np.int16], rate: int) -> npt.NDArray[np.bool_]:
    step = rate // _STEPS
    count = len(samples) // step
    if count == 0:
        return np.zeros(0, dtype=np.bool_)
    levels = np.sqrt(np.square(samples[: count * step].astype(np.float32)).reshape(count, step).mean(axis=1))
    loud: npt.NDArray[np.bool_] = levels > _QUIET * np.percentile(levels, 90)
    return loud


def _trimmed(start: float, end: float, is_loud: npt.NDArray[np.bool_]) -> tuple[float, float]:
    first = int(start * _STEPS)
    loud = np.flatnonzero(is_loud[first : round(end * _STEPS)])
    if not len(loud):
        return start, end
    begin = max(start, (first + int(loud[0])) / _STEPS)
    finish = min(end, (first + int(loud[-1]) + 1) / _STEPS)
    return (begin, finish) if finish - begin >= _SHORTEST else (start, end)
