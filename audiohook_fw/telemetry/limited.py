"""`LimitedLogger`: what may happen ten thousand times a second is logged once in a while, and counted."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

__all__ = ["LimitedLogger"]


class LimitedLogger:
    """Logs the first record of a key, then at most one every so many seconds, saying how many it left out.

    Args:
        logger: where records go.
        every: seconds between two records of one key.
        capacity: keys remembered; the one used least recently is forgotten first.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        logger: logging.Logger,
        *,
        every: float = 60.0,
        capacity: int = 1_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._logger = logger
        self._every = every
        self._capacity = capacity
        self._clock = clock
        self._lock = Lock()
        self._keys: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def log(
        self, level: int, key: Hashable, message: str, *args: object, exc_info: BaseException | None = None
    ) -> bool:
        """Log unless this key was logged a short time ago; return whether a record was written."""
        left_out = self._left_out(key)
        if left_out is None:
            return False
        if left_out:
            message, args = f"{message} (%d more since the last time)", (*args, left_out)
        self._logger.log(level, message, *args, exc_info=exc_info, stacklevel=3)
        return True

    def warning(
        self, key: Hashable, message: str, *args: object, exc_info: BaseException | None = None
    ) -> bool:
        """Log at WARNING, as `log` does."""
        return self.log(logging.WARNING, key, message, *args, exc_info=exc_info)

    def info(self, key: Hashable, message: str, *args: object) -> bool:
        """Log at INFO, as `log` does."""
        return self.log(logging.INFO, key, message, *args)

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._keys)

    def _left_out(self, key: Hashable) -> int | None:
        """Return how many records were left out before this one, or `None` when this one is left out too."""
        now = self._clock()
        with self._lock:
            last, count = self._keys.get(key, (now - self._every, 0))
            is_due = now - last >= self._every
            self._keys[key] = (now, 0) if is_due else (last, count + 1)
            self._keys.move_to_end(key)
            if len(self._keys) > self._capacity:
                self._keys.popitem(last=False)
        return count if is_due else None
