"""Threads for plugins' blocking work: one bounded pool a plugin, shared by all its calls."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from audiohook_fw.errors import PluginOverflowError

__all__ = ["BlockingPools"]

T = TypeVar("T")


class BlockingPools:
    """Thread pools by plugin, made when first used.

    One plugin that fills its pool delays its own work, never another plugin's.

    Args:
        threads: threads of each pool.
        queue: calls that may wait or run in each pool; those whose waiting was cancelled count until
            their turn comes.
    """

    def __init__(self, threads: int = 4, *, queue: int = 1_000) -> None:
        self._threads = threads
        self._queue = queue
        self._pools: dict[str, _Pool] = {}
        self._closed = False

    async def run(self, plugin: str, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a blocking function in the plugin's pool and return its result.

        Cancelling stops the waiting; a function that already runs goes on to its end.

        Raises:
            PluginOverflowError: too many wait or run.
            RuntimeError: after `close`.
        """
        if self._closed:
            raise RuntimeError("the server has shut its thread pools down")
        pool = self._pools.get(plugin)
        if pool is None:
            pool = self._pools[plugin] = _Pool(plugin, self._threads, self._queue)
        if not pool.slots.acquire(blocking=False):
            problem = (
                f"{self._queue} calls wait or run already (limits.pool_queue); "
                "wait for results before submitting more"
            )
            raise PluginOverflowError(plugin, problem, hook="run_blocking")
        context, unwanted = contextvars.copy_context(), threading.Event()

        def work() -> T:
            try:
                if unwanted.is_set():
                    raise asyncio.CancelledError
                return context.run(function, *args, **kwargs)
            finally:
                pool.slots.release()

        # Through the loop, since one of virtual time stands still until its threads are done.
        future = asyncio.get_running_loop().run_in_executor(pool, work)
        # The shield keeps cancelled work in the count: the executor drops it only when its turn comes.
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            unwanted.set()
            future.add_done_callback(_consume)
            raise

    def close(self) -> None:
        """Let the threads end; work that is queued and not begun is dropped. Does not wait."""
        self._closed = True
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        self._pools.clear()


def _consume(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()


class _Pool(ThreadPoolExecutor):
    def __init__(self, plugin: str, threads: int, queue: int) -> None:
        super().__init__(threads, thread_name_prefix=f"audiohook-{plugin}")
        self.slots = threading.BoundedSemaphore(queue)
