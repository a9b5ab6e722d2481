"""`Writer`: the one thread that writes. No call and no hook ever waits for the disk or the database."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from .database import Database
from .failures import reason_of
from .journal import Journal
from .migrate import SchemaError
from .retention import Retention
from .rows import Row, RowError

__all__ = ["LIMIT", "Writer"]

logger = logging.getLogger(__name__)

LIMIT: Final = 50_000
"""Rows that wait in memory at most, about 50 MB, for a disk that is slow or full."""
RETRY: Final = 0.5
"""Seconds until a database that refused is asked again, at first."""
LONGEST_RETRY: Final = 15.0
COMPLAIN: Final = 60.0
"""Seconds between two log records of the same, and until `problem` tells of an outage."""

_OUTAGES: Final = (OSError, SQLAlchemyError, SchemaError, TimeoutError)


class Writer:
    """Writes rows to the journal soon after they are handed in, and from there to the database.

    `put` is for the event loop: it waits for nothing, and never raises.

    Args:
        url: the database. journal: the directory. journal_bytes: its bound.
        delay: seconds that rows wait for more. retention_days: for which sessions are kept; 0 is for ever.

    Attributes:
        process: names this process in the database, as soon as the thread runs.
        written: rows that are in the database. lost: rows that had no room while it was gone.
    """

    def __init__(
        self, url: URL, *, journal: Path, journal_bytes: int, delay: float, retention_days: int = 0
    ) -> None:
        self.process = ""
        self.written = 0
        self.lost = 0
        self._url = url
        self._directory = journal
        self._limit = journal_bytes
        self._delay = delay
        self._retention = Retention(url, retention_days) if retention_days else None
        self._waiting: deque[Row] = deque()
        self._asked: deque[Future[bool]] = deque()
        self._noticed = False  # the thread knows that rows wait
        self._ended = False  # the thread takes nothing any more
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._fresh = asyncio.Event()
        self._stopping = asyncio.Event()
        self._deadline = float("inf")
        self._journal: Journal | None = None
        self._database: Database | None = None
        self._unkept: deque[Row] = deque()  # what the journal does not take
        self._failing: dict[str, tuple[float, str]] = {}
        self._complained: dict[str, float] = {}
        self._garbled = 0

    # for the event loop ---------------------------------------------------------------------------

    def start(self) -> Future[Exception | None]:
        """Begin the thread; the result comes when the database was tried once: why it failed, or `None`."""
        tried: Future[Exception | None] = Future()
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._main, args=(ready, tried), name="audiohook-sessions", daemon=True
        )
        self._thread.start()
        ready.wait()
        return tried

    def put(self, table: str, values: Mapping[str, Any]) -> bool:
        """Have a row written; the values must not change any more. Return whether there is room for it."""
        with self._lock:
            if len(self._waiting) >= LIMIT:
                self.lost += 1
                return False
            self._waiting.append(Row(table, values))
            self._notice()
            return True

    def kept(self) -> Future[bool]:
        """Return what becomes true when all rows so far outlive this process; false if they do not."""
        asked: Future[bool] = Future()
        with self._lock:
            if self._ended:
                asked.set_result(False)
            else:
                self._asked.append(asked)
                self._notice()
        return asked

    def stop(self, timeout: float) -> int:
        """Write what waits, and end the thread; return how many bytes are left for the next start. Blocks."""
        thread, loop = self._thread, self._loop
        if thread is None or loop is None:
            return 0

        def stop() -> None:
            self._deadline = time.monotonic() + timeout
            self._stopping.set()
            self._wake.set()
            self._fresh.set()

        loop.call_soon_threadsafe(stop)
        thread.join(timeout + 2.0)
        return self.backlog

    @property
    def waiting(self) -> int:
        """Rows in memory."""
        return len(self._waiting) + len(self._unkept)

    @property
    def backlog(self) -> int:
        """Bytes of the journal that are not in the database."""
        return self._journal.size if self._journal is not None else 0

    @property
    def refused(self) -> int:
        """Rows that the database, or this version, could make nothing of."""
        return self._garbled + (self._database.refused if self._database is not None else 0)

    @property
    def problem(self) -> str | None:
        """One sentence when the database or the disk refuses since a minute, or rows were lost for that."""
        for what, (since, reason) in self._failing.copy().items():
            if self.lost or time.monotonic() - since >= COMPLAIN:
                lost = f"; {self.lost} rows are lost" if self.lost else ""
                return f"the {what} cannot be used ({reason}): {self.backlog} bytes wait in the journal{lost}"
        return None

    def _notice(self) -> None:
        """Wake the thread, unless it knows; with the lock held."""
        if not self._noticed and self._loop is not None and not self._loop.is_closed():
            self._noticed = True
            self._loop.call_soon_threadsafe(self._wake.set)

    # the thread -----------------------------------------------------------------------------------

    def _main(self, ready: threading.Event, tried: Future[Exception | None]) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            try:
                runner.run(self._run(ready, tried))
            except Exception as error:
                logger.exception("the session database is not written any more")
                self._fail("database", error)
            finally:
                ready.set()
                if not tried.done():
                    tried.set_result(None)
                with self._lock:
                    self._ended = True
                    asked, self._asked = self._asked, deque()
                _answer(asked, kept=False)

    async def _run(self, ready: threading.Event, tried: Future[Exception | None]) -> None:
        self._open_journal()
        ready.set()
        draining = asyncio.create_task(self._drain(tried), name="audiohook-sessions-drain")
        tasks = [draining]
        if self._retention is not None:
            forgetting = self._retention.run(self._stopping)
            tasks.append(asyncio.create_task(forgetting, name="audiohook-sessions-retention"))
        try:
            while not self._stopping.is_set():
                await self._wake.wait()
                await _wait(self._stopping, self._delay)
                self._take()
            while self.waiting and time.monotonic() < self._deadline:
                self._take()
                await asyncio.sleep(0.05)
            self._fresh.set()
            await asyncio.wait(tasks, timeout=max(0.0, self._deadline - time.monotonic()))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            if self._database is not None:
                await self._database.close()
            if self._journal is not None:
                self._journal.close()

    def _open_journal(self) -> None:
        try:
            self._journal = Journal(self._directory, limit=self._limit)
        except OSError as error:
            self._fail("journal", error)
        else:
            self.process = self._journal.token
            self._failing.pop("journal", None)

    def _take(self) -> None:
        """Move what waits to the journal."""
        with self._lock:
            batch, self._waiting = self._waiting, deque()
            asked, self._asked = self._asked, deque()
            self._noticed = False
            self._wake.clear()
        lost = self.lost
        self._unkept.extend(batch)
        if self._unkept:
            self._keep()
        _answer(asked, kept=not self._unkept and self.lost == lost)
        self._fresh.set()

    def _keep(self) -> None:
        if self._journal is None:
            self._open_journal()
        if self._journal is None:
            return self._shed()
        try:
            left = self._journal.append([row.to_line() for row in self._unkept])
        except OSError as error:
            self._fail("journal", error)
            return self._shed()
        self._failing.pop("journal", None)
        self._unkept.clear()
        if left:
            self.lost += left
            self._complain("full", "the journal is full: %d rows are lost since the start", self.lost)
        return None

    def _shed(self) -> None:
        while len(self._unkept) > LIMIT:
            self._unkept.pop()
            self.lost += 1

    async def _drain(self, tried: Future[Exception | None]) -> None:
        """Put what is in the journal into the database, as long as this lives."""
        retry = RETRY
        while True:
            problem: Exception | None = None
            self._fresh.clear()
            try:
                await self._drain_once()
            except _OUTAGES as error:
                problem = error
            except Exception as error:  # whatever it is, the journal keeps what comes, and it is tried again
                logger.exception("the session database is not written")
                problem = error
            self._settle(problem)
            if not tried.done():
                tried.set_result(problem)
            if problem is not None:
                if self._database is not None:
                    await _quietly(self._database.close)
                await _wait(self._stopping, retry)
                retry = min(2 * retry, LONGEST_RETRY)
                if self._stopping.is_set():
                    if time.monotonic() + RETRY >= self._deadline:
                        return
                    await asyncio.sleep(RETRY)
                continue
            retry = RETRY
            if self._stopping.is_set() and not self.waiting and not self.backlog:
                return
            await self._fresh.wait()

    async def _drain_once(self) -> None:
        if self._database is None:
            self._database = Database(self._url)
        database, journal = self._database, self._journal
        await database.open()
        while journal is not None and (chunk := journal.read()) is not None:
            rows = list(filter(None, map(self._row, chunk.lines)))
            if chunk.torn:
                logger.warning("the journal ends in a torn line: %d bytes are lost", chunk.torn)
            if rows:
                await database.write(rows)
            self.written += len(rows)
            journal.done(chunk)
        if self._unkept:  # the journal takes nothing, so this is newer than all in it
            rows, self._unkept = list(self._unkept), deque()
            try:
                await database.write(rows)
            except BaseException:
                self._unkept.extendleft(reversed(rows))
                raise
            self.written += len(rows)
        if journal is not None:
            for token in journal.heirs:
                await database.interrupt(token)
                journal.bury(token)
            if self._stopping.is_set():
                await database.interrupt(journal.token)

    def _row(self, line: bytes) -> Row | None:
        try:
            return Row.from_line(line)
        except RowError:
            self._garbled += 1
            self._complain("garbled", "the journal holds a line that is no row; %d so far", self._garbled)
            return None

    def _settle(self, problem: Exception | None) -> None:
        if problem is not None:
            self._fail("database", problem)
        elif self._failing.pop("database", None):
            logger.info("the session database takes rows again")

    def _fail(self, what: str, error: Exception) -> None:
        reason = reason_of(error)
        since, _ = self._failing.get(what, (time.monotonic(), ""))
        self._failing[what] = since, reason
        self._complain(what, "the %s of sessions cannot be used (%s); it is tried again", what, reason)

    def _complain(self, about: str, message: str, *args: object) -> None:
        now = time.monotonic()
        if now - self._complained.get(about, float("-inf")) >= COMPLAIN:
            self._complained[about] = now
            logger.error(message, *args)


def _answer(asked: Iterable[Future[bool]], *, kept: bool) -> None:
    for future in asked:
        if future.set_running_or_notify_cancel():  # else nobody waits any more
            future.set_result(kept)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


async def _quietly(function: Callable[[], Any]) -> None:
    try:
        await function()
    except Exception:  # of a connection that is broken anyway
        logger.debug("closing the database failed", exc_info=True)
