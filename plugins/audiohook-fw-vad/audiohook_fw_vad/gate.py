"""The gate against voices and noise in the background: what is much quieter than the one who speaks.

An engine hears any voice, also those of other people in the room. They are told from the one who speaks by
their level: a window is background when it is both far below the loudest of late, and not far above the
quietest. On a quiet line the second never holds, so nothing is lost there; but there each window for
itself tells where a voice ends, sooner than an engine does, which goes on to hear it.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from audiohook_fw.audio import Samples

__all__ = ["Gate", "GateRules"]

SMOOTHING: Final = 0.18  # seconds over which the level is measured
FLOOR: Final = 8  # seconds in which the quietest level counts
FADE: Final = 0.3  # dB a second by which the loudest level is forgotten
QUIET_LINE: Final = 30  # dB below the loudest: where the line itself is louder, it may hide weak sounds
LINE: Final = 4  # dB above the quietest up to which a single window holds nothing but the line
FIRST: Final = 20 * math.log10(32768) - 12  # dB: taken for the loudest until somebody spoke


@dataclass(frozen=True, slots=True)
class GateRules:
    """Both in dB: how far below the loudest is background, unless so far above the quietest."""

    below: float
    above: float


class Gate:
    """Follows the levels of one channel."""

    __slots__ = ("_fade", "_left", "_loudest", "_powers", "_quietest", "_rules", "_second", "_seconds")

    def __init__(self, rules: GateRules, *, window: int, rate: int) -> None:
        self._rules: Final = rules
        self._powers: deque[float] = deque(maxlen=max(round(SMOOTHING * rate / window), 1))
        self._second: Final = max(round(rate / window), 1)  # windows
        self._left = self._second
        self._quietest = math.inf
        self._seconds: deque[float] = deque(maxlen=FLOOR)
        self._loudest = FIRST
        self._fade: Final = FADE * window / rate

    def is_background(self, samples: Samples) -> bool:
        """Take the next window, and say whether it can be no speech of who speaks here."""
        wide = samples.astype(np.float32)
        power = float(np.dot(wide, wide)) / len(wide)
        self._powers.append(power)
        level = 10 * math.log10(sum(self._powers) / len(self._powers) + 1)
        self._quietest = min(self._quietest, level)
        floor = min(self._quietest, *self._seconds) if self._seconds else self._quietest
        self._left -= 1
        if not self._left:
            self._seconds.append(self._quietest)
            self._quietest, self._left = math.inf, self._second
        self._loudest = max(level, self._loudest - self._fade)
        if level < self._loudest - self._rules.below and level < floor + self._rules.above:
            return True
        # Right after a voice, which an engine still hears for a while, a quiet line is only the line.
        now = 10 * math.log10(power + 1)
        return now < self._loudest - QUIET_LINE and now < floor + LINE
