"""Threads for plugins' blocking work: one bounded pool a plugin, shared by all its calls."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

__all__ = ["BlockingPools"]

T = TypeVar("T")


class BlockingPools:
    """Thread pools by plugin, made when first used.

    One plugin that fills its pool delays its own work, never another plugin's.

    Args:
        threads: threads of each pool.
    """

    def __init__(self, threads: int = 4) -> None:
        self._threads = threads
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._closed = False

    async def run(self, plugin: str, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a blocking function in the plugin's pool and return its result.

        Cancelling stops the waiting; a function that already runs goes on to its end.

        Raises:
            RuntimeError: after `close`.
        """
        if self._closed:
            raise RuntimeError("the server has shut its thread pools down")
        pool = self._pools.get(plugin)
        if pool is None:
            pool = ThreadPoolExecutor(self._threads, thread_name_prefix=f"audiohook-{plugin}")
            self._pools[plugin] = pool
        context = contextvars.copy_context()
        call = functools.partial(context.run, function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(pool, call)

    def close(self) -> None:
        """Let the threads end; work that is queued and not begun is dropped. Does not wait."""
        self._closed = True
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        self._pools.clear()
