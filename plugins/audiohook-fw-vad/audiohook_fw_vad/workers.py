"""Threads in which engines compute, shared by all calls; one that hangs is given up and replaced."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

__all__ = ["HungError", "Workers"]

logger = logging.getLogger(__name__)

T = TypeVar("T")
MOST_HUNG: Final = 16
"""Threads that are given up at most; a process cannot get rid of them."""


class HungError(Exception):
    """An engine did not return in time."""


class Workers:
    """A bounded number of threads.

    A job that has to wait for its turn is not late; only one that has begun, and does not end for `timeout`
    seconds, is given up: its thread is left behind, and all further jobs go to new ones.
    """

    def __init__(self, threads: int, *, timeout: float) -> None:
        self._threads: Final = threads
        self._timeout: Final = timeout
        self._pool = self._new()
        self._closed = False
        self.hung = 0

    @property
    def problem(self) -> str | None:
        """What is wrong, in one sentence; `None` while all is well."""
        if self.hung < MOST_HUNG:
            return None
        return f"the engine hung {self.hung} times: nothing is detected any more; restart the server"

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Run a function in a thread and return its result.

        Cancelling stops the waiting; a function that has begun goes on to its end.

        Raises:
            HungError: it did not return in time, or too many did not. RuntimeError: after `close`.
        """
        while True:
            if self.hung >= MOST_HUNG:
                raise HungError("too many threads hang")
            pool, job = self._pool, _Job(function, args)
            future = asyncio.get_running_loop().run_in_executor(pool, job)
            try:
                if await self._finished(future, job, pool):
                    result: T = future.result()
                    return result
            except asyncio.CancelledError:
                future.cancel()
                raise

    async def _finished(self, future: asyncio.Future[Any], job: _Job, pool: ThreadPoolExecutor) -> bool:
        """Wait for a job; `False` when its pool was given up before its turn came."""
        had_begun = False
        while not future.done():
            await asyncio.wait([future], timeout=self._timeout)
            if future.done():
                break
            if not job.begun and pool is not self._pool and future.cancel():
                return False
            if job.begun and had_begun:
                self._give_up(pool)
                raise HungError(f"it did not return within {self._timeout:g} s")
            had_begun = job.begun
        return True

    def close(self) -> None:
        """Let the threads end; what waits is dropped."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def join(self) -> None:
        """Close, and wait for the threads that work, as long as a job may take."""
        self.close()
        loop = asyncio.get_running_loop()
        waited = loop.run_in_executor(None, self._pool.shutdown)
        await asyncio.wait([waited], timeout=self._timeout)

    def _give_up(self, pool: ThreadPoolExecutor) -> None:
        self.hung += 1
        if pool is self._pool and not self._closed:
            pool.shutdown(wait=False)  # what waits there still runs when another of its threads is free
            self._pool = self._new()
        if self.hung == MOST_HUNG:
            logger.error("speech detection: %s", self.problem)

    def _new(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, thread_name_prefix="audiohook-vad")


class _Job:
    """A call to make, which notes that it was begun."""

    __slots__ = ("_args", "_function", "begun")

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._function = function
        self._args = args
        self.begun = False

    def __call__(self) -> Any:
        self.begun = True
        return self._function(*self._args)
