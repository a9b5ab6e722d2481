"""`Writer`: the one thread that writes to the database. No call and no hook ever waits for the disk."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from .rows import CallRow
from .schema import SchemaError
from .store import Store

__all__ = ["LIMIT", "Writer"]

logger = logging.getLogger(__name__)

LIMIT: Final = 10_000
"""Calls that wait for a disk at most, about 10 MB; beyond it the oldest is lost."""
RETRY: Final = 1.0
"""Seconds until a disk that refused is asked again, at first."""
LONGEST_RETRY: Final = 30.0
COMPLAIN: Final = 60.0
"""Seconds between two log records that the disk refuses, and until `problem` says so."""


class Writer:
    """Saves calls soon after they are handed in; its thread begins with the first one.

    `save` is for the event loop: it waits for no disk and never raises. Of several rows of a call that wait,
    only the newest is kept.

    Args:
        path: the file.
        clock: monotonic seconds.

    Attributes:
        lost: calls that were dropped because too many waited.
        keep_from: the day before which all is deleted; set it at any time, it is done with the next rows.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.lost = 0
        self.keep_from = ""
        self._kept_from = ""
        self._path = path
        self._clock = clock
        self._waiting: dict[str, CallRow] = {}
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._deadline: float | None = None  # of the rest, once it is to end
        self._failing_since: float | None = None
        self._error = ""
        self._complained = float("-inf")
        self._is_told = False  # that it fails

    @property
    def waiting(self) -> int:
        """How many calls are not saved yet."""
        return len(self._waiting)

    @property
    def problem(self) -> str | None:
        """One sentence when the database refuses since a minute, or calls were lost for that."""
        since = self._failing_since
        if since is None or (self._clock() - since < COMPLAIN and not self.lost):
            return None
        lost = f"; {self.lost} are lost" if self.lost else ""
        return f"{self.waiting} calls cannot be saved to {self._path.name} ({self._error}){lost}"

    def save(self, rows: Iterable[CallRow]) -> None:
        """Have calls written."""
        with self._wake:
            self._keep(rows)
            if self._waiting:
                self._rouse()

    def stop(self, timeout: float) -> bool:
        """Write what waits, and end the thread; tell whether all was written in time. Blocks."""
        with self._wake:
            thread, self._deadline = self._thread, time.monotonic() + timeout
            self._wake.notify_all()
        if thread is not None:
            thread.join(timeout)
        with self._wake:
            if thread is None or not thread.is_alive():
                self._thread, self._deadline = None, None
            return not self._waiting

    def report(self, error: Exception) -> None:
        """Note that the database refused, and log it once a minute."""
        now = self._clock()
        self._error = str(error) or type(error).__name__
        if isinstance(error, OSError) and error.strerror:
            self._error = error.strerror
        if self._failing_since is None:
            self._failing_since = now
        if now - self._complained >= COMPLAIN:
            self._complained = now
            self._is_told = True
            logger.error(
                "%s cannot be used (%s); %d calls wait in memory, and are tried again",
                self._path,
                self._error,
                self.waiting,
            )

    def _recovered(self) -> None:
        self._failing_since = None
        if self._is_told:
            self._is_told = False
            logger.info("%s can be used again; what waited is saved", self._path)

    def _keep(self, rows: Iterable[CallRow]) -> None:
        for row in rows:
            self._waiting.pop(row.facts.id, None)  # so that the order is that of the newest rows
            self._waiting[row.facts.id] = row
        while len(self._waiting) > LIMIT:
            del self._waiting[next(iter(self._waiting))]
            self.lost += 1

    def _rouse(self) -> None:
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="audiohook-cost", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # of a system that gives no more threads; the next row tries again
                self.report(error)
                return
            self._thread = thread
        self._wake.notify_all()

    # the thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        store: Store | None = None
        retry = RETRY
        try:
            while (batch := self._next()) is not None:
                try:
                    store = self._open(store)
                    store.save(batch.values())
                    self._forget(store)
                except (OSError, sqlite3.Error, SchemaError) as error:
                    self._return(batch)
                    self.report(error)
                    _close(store)
                    store = None  # whatever happened to the file, it is opened anew
                    if not self._pause(retry):
                        return
                    retry = min(2 * retry, LONGEST_RETRY)
                except Exception:  # whatever is wrong with these rows, those to come are saved
                    logger.exception("%d calls cannot be saved", len(batch))
                    self.lost += len(batch)
                else:
                    self._recovered()
                    retry = RETRY
        finally:
            _close(store)

    def _open(self, store: Store | None) -> Store:
        """Return a store of the file that is there now."""
        if store is not None:
            if store.is_in_place:
                return store
            logger.warning(
                "%s was moved, removed or replaced: what was saved went with it, and the file of that name "
                "takes what is saved from now on",
                self._path,
            )
            _close(store)
        self._kept_from = ""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return Store(self._path)

    def _forget(self, store: Store) -> None:
        keep_from = self.keep_from
        if keep_from != self._kept_from:
            store.forget(keep_from)
            self._kept_from = keep_from

    def _next(self) -> dict[str, CallRow] | None:
        """Wait for rows, and return them; `None` when there are none and the thread is to end."""
        with self._wake:
            while not self._waiting:
                if self._deadline is not None:
                    return None
                self._wake.wait()
            batch, self._waiting = self._waiting, {}
            return batch

    def _return(self, batch: dict[str, CallRow]) -> None:
        """Let rows wait again, unless newer ones do."""
        with self._wake:
            newer, self._waiting = self._waiting, {}
            self._keep(batch.values())
            self._keep(newer.values())

    def _pause(self, delay: float) -> bool:
        """Wait a while, and tell whether to go on."""
        with self._wake:
            if self._deadline is None:
                self._wake.wait_for(lambda: self._deadline is not None, delay)
            else:
                self._wake.wait(RETRY)
            return self._deadline is None or time.monotonic() < self._deadline


def _close(store: Store | None) -> None:
    if store is not None:
        with suppress(OSError, sqlite3.Error):  # it is given up, whatever it says
            store.close()
