"""Retention: sessions that are old enough are deleted, at start and each hour, a few at a time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from .database import Database
from .failures import reason_of
from .migrate import SchemaError
from .rows import first_id

__all__ = ["EVERY", "Retention"]

logger = logging.getLogger(__name__)

EVERY: Final = 3600.0
"""Seconds between two looks at what is old enough."""
BATCH: Final = 100
"""Sessions that go in one transaction: what is written waits for one of them at most,"""
BREATH: Final = 0.2
"""and comes first in the seconds between two."""
JUMP: Final = 3600.0
"""Seconds that the clock may differ from what has passed; a clock that jumps must not delete everything."""


class Retention:
    """Deletes sessions that began more than some days ago, over a connection of its own.

    Rows of `recordings` stay: how long a recording is kept is its recorder's to say, and the row may be all
    that tells where it is.

    Args:
        url: the database. days: for which sessions are kept.
        clock: wall time. passed: monotonic seconds.
    """

    def __init__(
        self,
        url: URL,
        days: int,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        passed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._days = days
        self._clock = clock
        self._passed = passed
        self._seen: tuple[datetime, float] | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Delete what is old enough, now and each hour, until it is to stop; cancelled, it undoes a batch."""
        while not stopping.is_set():
            await self.run_once(stopping)
            await _wait(stopping, EVERY)

    async def run_once(self, stopping: asyncio.Event) -> int:
        """Delete what is old enough, and return how many sessions; a database that refuses is logged."""
        now, count = self._clock(), 0
        if self._jumped(now):
            logger.warning("the clock has jumped: no session is deleted for its age until the next hour")
            return 0
        try:
            oldest = first_id(now - timedelta(days=self._days))
            database = Database(self._url)
            try:
                while not stopping.is_set() and (some := await database.delete_before(oldest, BATCH)):
                    count += some
                    await _wait(stopping, BREATH)
            finally:
                await database.close()
        except (OSError, OverflowError, SQLAlchemyError, SchemaError, TimeoutError) as error:
            logger.warning("old sessions are not deleted until the next hour: %s", reason_of(error))
        except Exception:
            logger.exception("old sessions are not deleted until the next hour")
        if count:
            logger.info("%d sessions older than %d days are deleted", count, self._days)
        return count

    def _jumped(self, now: datetime) -> bool:
        passed = self._passed()
        seen, self._seen = self._seen, (now, passed)
        return seen is not None and abs((now - seen[0]).total_seconds() - (passed - seen[1])) > JUMP


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
