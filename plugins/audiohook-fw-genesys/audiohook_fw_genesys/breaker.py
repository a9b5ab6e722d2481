"""`Breaker`: after some failures in a row nobody asks for a while; then one does, and the others wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .errors import Outcome, PlatformError

__all__ = ["Breaker"]

logger = logging.getLogger(__name__)


class Breaker:
    """A circuit breaker around every request.

    Args:
        failures: in a row, until it opens. seconds: for which it stays open.
        on_open: called with the error that who waits is to get.
    """

    def __init__(self, failures: int, seconds: float, on_open: Callable[[PlatformError], None]) -> None:
        self._limit = failures
        self._seconds = seconds
        self._on_open = on_open
        self._failures = 0
        self._until: float | None = None  # open, or half open once that is over
        self._probing = False
        self.problem = ""

    @property
    def is_open(self) -> bool:
        """Whether the API counts as down; also while one request tries anew."""
        return self._until is not None

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Run a request in this block, and raise `PlatformError` in it when it fails.

        Raises:
            PlatformError: `DOWN`, before the block: nobody asks at present.
        """
        is_probe = self._admit()
        try:
            yield
        except PlatformError as error:
            self._note(error)
            raise
        else:
            self._note(None)
        finally:
            if is_probe:
                self._probing = False

    def _admit(self) -> bool:
        if self._until is None:
            return False
        if self._probing or asyncio.get_running_loop().time() < self._until:
            raise PlatformError(Outcome.DOWN, f"nobody asks at present, since {self.problem}")
        self._probing = True
        return True

    def _note(self, error: PlatformError | None) -> None:
        if error is not None and error.outcome is Outcome.DOWN:
            return
        if error is None or not error.outcome.is_failure:
            if self._until is not None:
                logger.warning("the Platform API answers again")
            self._failures, self._until = 0, None
            return
        self._failures += 1
        self.problem = error.problem
        now = asyncio.get_running_loop().time()
        if self._until is None and self._failures >= self._limit:
            logger.warning("the Platform API is left alone for %g s: %s", self._seconds, error.problem)
            self._until = now + self._seconds
            self._on_open(PlatformError(Outcome.DOWN, f"nobody asks at present, since {self.problem}"))
        elif self._until is not None and now >= self._until:
            self._until = now + self._seconds
