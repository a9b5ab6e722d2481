"""The one thread that writes all recordings: a wake-up serves many calls, and the disk blocks no loop."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Final

from .collected import SAVE_SECONDS, Collected, Written

__all__ = ["Writer"]

logger = logging.getLogger(__name__)

TICK: Final = 0.1
"""Seconds between two looks at what has to wait for the disk, or for its turn, while something has."""
RETRY: Final = 1.0
"""Seconds until a recording that the disk refused is tried again."""
PATIENCE: Final = 60.0
"""Seconds for which the rest of a call that has ended is tried; then it is given up."""
COMPLAIN: Final = 60.0
"""Seconds between two log records that the disk refuses, for one reason."""


class Writer:
    """Writes recordings soon after they are handed in. Its thread begins with the first one.

    `write` and `write_later` are for the event loop: they wait for no disk, and never raise. Each recording
    has its turn, however often it is handed in.

    All that waits is written in one go: to write many calls one after the other is much cheaper than each in
    a moment of its own.

    Args:
        delay: seconds that audio may wait for more.
        closed: gets the stem of each recording that is written and to be kept, or given up; in this thread.
    """

    def __init__(self, delay: float, *, closed: Callable[[str], None] = lambda stem: None) -> None:
        self._delay = delay
        self._closed = closed
        self._lock = threading.Lock()
        self._now: dict[Collected, None] = {}
        self._later: list[Collected] = []
        self._due = 0.0  # when the first of them has waited long enough
        self._unsaved: dict[Collected, float] = {}  # and when their sidecars are due
        self._refused: dict[Collected, float | None] = {}  # and when its call was over, for all we know
        self._complained: dict[str, float] = {}
        self._wake = threading.Event()
        self._asleep = False
        self._stopping = False
        self._thread: threading.Thread | None = None

    def write(self, collected: Collected) -> None:
        """Have a recording written at once."""
        with self._lock:
            self._now[collected] = None
            self._rouse()

    def write_later(self, collected: Collected) -> None:
        """Have a recording written when its audio, or another's, has waited long enough."""
        with self._lock:
            if not self._later:
                self._due = time.monotonic() + self._delay
            self._later.append(collected)
            if self._asleep or self._thread is None:
                self._rouse()

    def stop(self, timeout: float) -> bool:
        """Write everything that waits, and end the thread; tell whether that was done in time. Blocks.

        What is handed in later begins a new thread.
        """
        deadline = time.monotonic() + timeout
        while True:
            with self._lock:
                if self._thread is None and (self._now or self._later or self._unsaved):
                    self._rouse()
                thread = self._thread
                self._stopping = thread is not None
                if thread is None:
                    return not (self._now or self._later)
                self._wake.set()
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                return False
            with self._lock:
                self._thread = None

    def _rouse(self) -> None:
        """Let the thread look at once; with the lock held."""
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="audiohook-recorder", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # of a system that gives no more threads; the next one tries again
                self._complain("thread", "recordings wait: %s", str(error))
                return
            self._thread = thread
        self._wake.set()

    # the thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        tried = time.monotonic()
        while True:
            for collected in self._taken():
                self._attempt(collected)
            now = time.monotonic()
            for collected in [c for c, due in self._unsaved.items() if self._stopping or due <= now]:
                del self._unsaved[collected]
                self._attempt(collected)
            if self._refused and (self._stopping or now - tried >= RETRY):
                tried = now
                self._try_again(now)
            if self._stopping and not (self._now or self._later or self._unsaved):
                return
            self._sleep()

    def _taken(self) -> list[Collected]:
        """Take what is to be written now, and later if that has come."""
        with self._lock:
            batch, self._now = list(self._now), {}
            if self._stopping or self._due <= time.monotonic():
                batch += self._later
                self._later = []
        return batch

    def _sleep(self) -> None:
        with self._lock:
            if self._now or self._stopping:
                return
            timeout = TICK if self._unsaved or self._refused else None
            if self._later:
                left = max(0.0, self._due - time.monotonic())
                timeout = left if timeout is None else min(timeout, left)
            self._asleep = timeout is None
            self._wake.clear()  # with the lock held, as it is set: what comes from now on rouses us
        self._wake.wait(timeout)
        self._asleep = False

    def _attempt(self, collected: Collected) -> None:
        now = time.monotonic()
        try:
            written = collected.write(float("inf") if self._stopping else now)
            if written is Written.REFUSED:
                self._refused.setdefault(collected, None)
                self._report(collected)
                return
            self._refused.pop(collected, None)
            if written is Written.BUT_SIDECAR:
                self._unsaved.setdefault(collected, now + SAVE_SECONDS)
            if collected.close() and collected.kept:
                self._pass_on(collected)
        except Exception:  # whatever is wrong with one recording, the others are written
            logger.exception("%r failed", collected, extra={"session_id": collected.session_id})
            self._refused.pop(collected, None)
            self._abandon(collected)

    def _abandon(self, collected: Collected) -> None:
        collected.abandon()
        self._pass_on(collected)

    def _pass_on(self, collected: Collected) -> None:
        if collected.stem is not None:
            self._closed(collected.stem)

    def _try_again(self, now: float) -> None:
        for collected, over in tuple(self._refused.items()):
            self._attempt(collected)
            if collected not in self._refused or not collected.finished:
                continue
            if self._stopping or (over is not None and now - over > PATIENCE):
                del self._refused[collected]
                self._abandon(collected)
            elif over is None:
                self._refused[collected] = now

    def _report(self, collected: Collected) -> None:
        error = collected.error
        reason = os.strerror(error.errno) if error is not None and error.errno else type(error).__name__
        text = "recordings cannot be written (%s); what waits is tried again each second"
        self._complain(reason, text, reason, session_id=collected.session_id)

    def _complain(self, reason: str, text: str, *args: object, session_id: str = "") -> None:
        now = time.monotonic()
        if now - self._complained.get(reason, float("-inf")) >= COMPLAIN:
            self._complained[reason] = now
            logger.error(text, *args, extra={"session_id": session_id} if session_id else {})
