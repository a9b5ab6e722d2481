"""What the finisher has done and has still to do, in plain numbers for metrics and health."""

from __future__ import annotations

import threading
from collections import Counter

__all__ = ["Counts"]


class Counts:
    """Numbers that many threads add to.

    Attributes:
        uploads: recordings that the store has confirmed; bytes: theirs. failures: by kind, tries counted.
        lost: recordings given up.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._trouble: tuple[str, float] | None = None
        self.uploads = 0
        self.bytes = 0
        self.lost = 0
        self.failures: Counter[str] = Counter()

    def uploaded(self, size: int) -> None:
        """Count a recording that arrived."""
        with self._lock:
            self.uploads += 1
            self.bytes += size

    def failed(self, kind: str, now: float) -> bool:
        """Count a failure; tell whether all went well before."""
        with self._lock:
            self.failures[kind] += 1
            first = self._trouble is None
            self._trouble = (kind, now if self._trouble is None else self._trouble[1])
            return first

    def went_well(self) -> bool:
        """Note that something went well; tell whether it did not before."""
        with self._lock:
            mended, self._trouble = self._trouble is not None, None
            return mended

    def given_up(self, kind: str) -> None:
        """Count a recording that cannot be finished."""
        with self._lock:
            self.failures[kind] += 1
            self.lost += 1

    @property
    def trouble(self) -> tuple[str, float] | None:
        """What went wrong last, and since when all goes wrong; monotonic seconds."""
        return self._trouble
