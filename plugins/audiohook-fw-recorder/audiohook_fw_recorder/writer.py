"""The one thread that writes all recordings: a wake-up serves many calls, and the disk blocks no loop."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import Final

from .collected import Collected

__all__ = ["Writer"]

logger = logging.getLogger(__name__)

TICK: Final = 0.05
"""Seconds between two looks at what is due, while something is."""
RETRY: Final = 1.0
"""Seconds until a recording that the disk refused is tried again."""
PATIENCE: Final = 60.0
"""Seconds for which the rest of a call that has ended is tried; then it is given up."""


class Writer:
    """Writes recordings soon after they are handed in. Its thread begins with the first one.

    `write` and `write_later` are for the event loop: they never wait.

    Args:
        delay: seconds that audio may wait for more.
    """

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._now: deque[Collected] = deque()
        self._later: deque[tuple[float, Collected]] = deque()
        self._refused: dict[Collected, float | None] = {}  # and when its call was over, for all we know
        self._wake = threading.Event()
        self._asleep = False
        self._stopping = False
        self._thread: threading.Thread | None = None

    def write(self, collected: Collected) -> None:
        """Have a recording written at once."""
        self._now.append(collected)
        self._rouse()

    def write_later(self, collected: Collected) -> None:
        """Have a recording written when its audio has waited long enough."""
        self._later.append((time.monotonic() + self._delay, collected))
        if self._asleep or self._thread is None:
            self._rouse()

    def stop(self, timeout: float) -> bool:
        """Write everything that waits, and end the thread; tell whether that was done in time. Blocks.

        What is handed in later begins a new thread.
        """
        self._stopping = True
        if self._thread is not None:
            self._wake.set()
            self._thread.join(timeout)
            if self._thread.is_alive():
                return False
        self._thread, self._stopping = None, False
        return True

    # the thread -----------------------------------------------------------------------------------

    def _rouse(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="audiohook-recorder", daemon=True)
            self._thread.start()
        self._wake.set()

    def _run(self) -> None:
        tried = time.monotonic()
        while True:
            while self._now:
                self._attempt(self._now.popleft())
            now = time.monotonic()
            while self._later and (self._stopping or self._later[0][0] <= now):
                self._attempt(self._later.popleft()[1])
            if self._refused and (self._stopping or now - tried >= RETRY):
                tried = now
                self._try_again(now)
            if self._stopping and not (self._now or self._later):
                return
            self._sleep()

    def _sleep(self) -> None:
        self._asleep = not (self._later or self._refused)
        # Looked at once more after that: what comes from now on rouses us.
        if not (self._now or (self._asleep and self._later)):
            self._wake.wait(None if self._asleep else TICK)
        self._asleep = False
        self._wake.clear()

    def _attempt(self, collected: Collected) -> None:
        try:
            written = collected.write()
            if written:
                self._refused.pop(collected, None)
                collected.close()
            else:
                self._refused.setdefault(collected, None)
        except Exception:  # whatever is wrong with one recording, the others are written
            logger.exception("%r failed", collected)
            self._refused.pop(collected, None)
            collected.abandon()

    def _try_again(self, now: float) -> None:
        for collected, over in tuple(self._refused.items()):
            self._attempt(collected)
            if collected not in self._refused or not collected.finished:
                continue
            if self._stopping or (over is not None and now - over > PATIENCE):
                del self._refused[collected]
                collected.abandon()
            elif over is None:
                self._refused[collected] = now
