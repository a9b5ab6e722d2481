"""How good a detector of speech is: what it found beside what is there.

Intervals are samples `[start, end)` of one channel, sorted, none touching another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .truth import RATE

Interval = tuple[int, int]
FRAME = RATE // 100
CLOSE = 0.3  # seconds that a boundary may be off


@dataclass(slots=True)
class VadScore:
    """What was found of what is there, added up over channels and files.

    Frames are 10 ms. A boundary error is how much too late (positive) or too early an utterance is said to
    begin or end, in seconds; `split` utterances were found in more than one part, `joined` ones
    together with another: their inner boundaries were not found, and count as beyond the limit in `close`.
    """

    true: int = 0
    found: int = 0
    right: int = 0
    utterances: int = 0
    missed: int = 0
    split: int = 0
    joined: int = 0
    false_segments: int = 0
    onsets: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """Of the frames with speech, how many were found."""
        return self.right / self.true if self.true else 1.0

    @property
    def precision(self) -> float:
        """Of the frames that were found, how many are speech."""
        return self.right / self.found if self.found else 1.0

    @property
    def close(self) -> float:
        """Of all boundaries of utterances, how many were found within CLOSE seconds."""
        near = sum(abs(error) <= CLOSE for error in self.onsets + self.ends)
        return near / (2 * self.utterances) if self.utterances else 1.0

    def add(self, truth: Sequence[Interval], found: Sequence[Interval], length: int) -> None:
        """Count one channel of `length` samples."""
        there, heard = frames(truth, length), frames(found, length)
        self.true += int(there.sum())
        self.found += int(heard.sum())
        self.right += int((there & heard).sum())
        self.utterances += len(truth)
        self.false_segments += sum(not touching(segment, truth) for segment in found)
        for utterance in truth:
            self._utterance(utterance, truth, found)

    def _utterance(self, utterance: Interval, truth: Sequence[Interval], found: Sequence[Interval]) -> None:
        mine = touching(utterance, found)
        if not mine:
            self.missed += 1
            return
        self.split += len(mine) > 1
        begins_here = touching(mine[0], truth)[0] == utterance
        ends_here = touching(mine[-1], truth)[-1] == utterance
        self.joined += not (begins_here and ends_here)
        if begins_here:
            self.onsets.append((mine[0][0] - utterance[0]) / RATE)
        if ends_here:
            self.ends.append((mine[-1][1] - utterance[1]) / RATE)


def frames(intervals: Iterable[Interval], length: int) -> npt.NDArray[np.bool_]:
    """Return for each 10 ms whether its middle lies in an interval."""
    inside = np.zeros(-(-length // FRAME), dtype=bool)
    for start, end in intervals:
        inside[max((start + FRAME // 2) // FRAME, 0) : max((end + FRAME // 2) // FRAME, 0)] = True
    return inside


def touching(one: Interval, others: Iterable[Interval]) -> list[Interval]:
    """Return the intervals that have a sample in common with one."""
    return [other for other in others if other[0] < one[1] and one[0] < other[1]]


def percentile(errors: Sequence[float], percent: float) -> float:
    """Return a percentile of sizes, signs aside; 0 of nothing."""
    return float(np.percentile(np.abs(errors), percent)) if errors else 0.0
