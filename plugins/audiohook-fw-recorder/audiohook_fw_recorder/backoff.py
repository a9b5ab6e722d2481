"""How long to wait before the next try: longer each time, and never at the same moment as others."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

__all__ = ["LONGEST", "SHORTEST", "Backoff", "pause"]

SHORTEST: Final = 1.0
LONGEST: Final = 60.0


def pause(tries: int, rand: Callable[[], float] = random.random) -> float:
    """Return seconds to wait after so many failures: 1 s, doubled up to 60 s, of which a half is chance."""
    longest = min(LONGEST, SHORTEST * 2.0 ** min(tries - 1, 16))
    return longest * (1.0 - rand() / 2.0)


class Backoff:
    """The waits of all who ask the same server. Times are monotonic seconds.

    Attributes:
        until: when the next one may try; failing: whether the last try failed.
    """

    def __init__(self, rand: Callable[[], float] = random.random) -> None:
        self._rand = rand
        self._tries = 0
        self._failed = float("-inf")
        self.until = float("-inf")

    @property
    def failing(self) -> bool:
        """Whether the last try failed."""
        return self._tries > 0

    def failed(self, began: float, now: float) -> None:
        """Note a failed try; those that ran at the same time count as one."""
        if began >= self._failed:
            self._tries += 1
            self._failed = now
            self.until = now + pause(self._tries, self._rand)

    def succeeded(self) -> None:
        """Note that the server answers again."""
        self._tries = 0
        self.until = float("-inf")
