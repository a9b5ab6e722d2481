"""`Turn`: how long the calls of one server may keep one turn of the event loop with what waits for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

__all__ = ["Turn"]

LONGEST: Final = 0.02
"""Seconds. When hundreds of calls catch up at once, each has one message a turn from then on."""


class Turn:
    """The present turn of the loop it is used in; all calls of a server share one.

    Args:
        clock: seconds that go on within a turn, which the time of some loops does not.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: float | None = None

    def is_over(self) -> bool:
        """Tell whether it has lasted long enough; the first question of a turn begins it."""
        now = self._clock()
        if self._began is None:
            self._began = now
            asyncio.get_running_loop().call_soon(self._end)
        return now - self._began > LONGEST

    def _end(self) -> None:
        self._began = None
