"""`Unanswered`: notices that calls wait for their queue while nobody looks it up."""

from __future__ import annotations

import logging
from typing import Final

__all__ = ["ENOUGH", "Unanswered"]

logger = logging.getLogger(__name__)

ENOUGH: Final = 3
"""Calls in a row; a single one may just have come at a bad moment."""
EVERY: Final = 60.0
"""Seconds between two log records at least."""


class Unanswered:
    """Counts calls of this process that waited in vain, one after the other. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._count = 0
        self._told = float("-inf")

    def heard(self) -> None:
        """Note that somebody looks calls up."""
        self._count = 0

    def timed_out(self, now: float) -> None:
        """Note that a call waited as long as it may, and heard of no look-up."""
        self._count += 1
        if self._count >= ENOUGH and now - self._told >= EVERY:
            self._told = now
            logger.warning(
                "policy: nobody looks up queues: %d calls in a row waited for theirs in vain; "
                "install audiohook-fw-genesys and give it credentials, or see what it logs at its start",
                self._count,
            )
