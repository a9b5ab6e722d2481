"""Audio of one channel, cut into the windows that an engine takes, each with its place in call time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from audiohook_fw.audio import Samples

__all__ = ["Window", "Windows"]


@dataclass(frozen=True, slots=True)
class Window:
    """So many samples as an engine takes at once.

    Attributes:
        start: call time of the first sample.
        end: call time right after the last; further off than `heard` when call time is missing inside.
        heard: samples of the call in it; the rest of the last one before a stop is zeros.
        samples: int16.
    """

    start: int
    end: int
    heard: int
    samples: Samples


class Windows:
    """Cuts what is put in; keeps what does not fill a window yet."""

    __slots__ = ("_length", "_pieces", "_size")

    def __init__(self, size: int) -> None:
        self._size: Final = size
        self._pieces: list[tuple[int, Samples]] = []
        self._length = 0

    @property
    def waiting(self) -> int:
        """Samples that were not taken yet."""
        return self._length

    def put(self, position: int, samples: Samples) -> None:
        """Take samples, the first of which has this place in call time; places only grow."""
        if len(samples):
            self._pieces.append((position, samples))
            self._length += len(samples)

    def take(self, *, everything: bool = False) -> list[Window]:
        """Return the windows that are full; with `everything` also the last one, filled up with zeros."""
        count = self._length // self._size
        if everything and self._length % self._size:
            count += 1
        if not count:
            return []
        joined = np.concatenate([samples for _, samples in self._pieces])
        used = min(count * self._size, self._length)
        padded = np.zeros(count * self._size, dtype=np.int16)
        padded[:used] = joined[:used]
        windows = []
        for number in range(count):
            first = number * self._size
            last = min(first + self._size, used) - 1
            samples = padded[first : first + self._size]
            windows.append(Window(self._place(first), self._place(last) + 1, last + 1 - first, samples))
        rest = self._place(used) if used < self._length else 0
        # A window's rest is less than a window, but may span two pieces: each keeps its place.
        self._pieces = self._after(used)
        self._length -= used
        assert not self._pieces or self._pieces[0][0] == rest
        return windows

    def _place(self, index: int) -> int:
        """Return the call time of a sample that waits."""
        for position, samples in self._pieces:
            if index < len(samples):
                return position + index
            index -= len(samples)
        raise IndexError(index)

    def _after(self, used: int) -> list[tuple[int, Samples]]:
        left = []
        for position, samples in self._pieces:
            if used < len(samples):
                left.append((position + used, samples[used:]))
            used = max(used - len(samples), 0)
        return left
