"""`BufferedStream`: the half of an `EngineStream` that hands results over, for engines that call back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from .types import Result

__all__ = ["BufferedStream"]


class BufferedStream:
    """Base of streams whose results come by call-back: `put` them, from the event loop's thread.

    A stream that reads from a connection needs none of it: its `__aiter__` can be an async generator.
    Await `drained` at the end of `flush`.
    """

    def __init__(self) -> None:
        self._results: Final[asyncio.Queue[Result | BaseException]] = asyncio.Queue()

    def put(self, result: Result) -> None:
        """Hand over a result."""
        self._results.put_nowait(result)

    def fail(self, error: BaseException) -> None:
        """Say that the stream is broken: the iteration raises this after what was put before."""
        self._results.put_nowait(error)

    async def drained(self) -> None:
        """Return once everything that was put has been taken, and dealt with."""
        await self._results.join()

    async def __aiter__(self) -> AsyncIterator[Result]:
        """Give what is put, until `fail`."""
        while True:
            result = await self._results.get()
            if isinstance(result, BaseException):
                raise result
            yield result
            self._results.task_done()  # the next one is asked for: this one has been dealt with
