"""`Patience`: when an engine that fails is left alone, and when it is tried again."""

from __future__ import annotations

import logging
from typing import Final

__all__ = ["Patience"]

logger = logging.getLogger(__name__)

_FAILURES: Final = 3
"""In a row, after which an engine rests."""


class Patience:
    """Counts failures in a row of one engine; times are the event loop's.

    Args:
        name: the engine's, for the log.
        rest: seconds for which it is left alone.
    """

    def __init__(self, name: str, rest: float) -> None:
        self._name = name
        self._rest = rest
        self._failures = 0
        self._until = 0.0

    def rests(self, now: float) -> bool:
        """Tell whether it is to be left alone now."""
        return self._failures >= _FAILURES and now < self._until

    def failed(self, now: float, problem: str) -> None:
        """Note a failure. `problem` is logged: never what an engine says itself, which may quote people."""
        self._failures += 1
        if self._failures >= _FAILURES and now >= self._until:
            self._until = now + self._rest
            logger.warning(
                "sentiment engine %s: %s; it is left alone for %g s", self._name, problem, self._rest
            )

    def worked(self) -> None:
        """Note an answer."""
        if self._failures >= _FAILURES:
            logger.info("sentiment engine %s works again", self._name)
        self._failures = 0
        self._until = 0.0
