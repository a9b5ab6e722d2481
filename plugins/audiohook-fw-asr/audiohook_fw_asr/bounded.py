"""`bounded`: wait for code that may hang, and that may not even let itself be cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["UnwantedError", "abandon", "bounded"]

T = TypeVar("T")

_abandoned: set[asyncio.Task[Any]] = set()  # the loop itself holds tasks only weakly


class UnwantedError(Exception):
    """What a call would return is wanted no more."""


async def bounded(
    call: Coroutine[Any, Any, T], seconds: float, *, unless: asyncio.Future[None] | None = None
) -> T:
    """Return what a call returns, within so many seconds; then it is cancelled and not waited for.

    Args:
        unless: so it is as soon as this is done.

    Raises:
        TimeoutError: it takes longer. UnwantedError: `unless` was done before. Whatever the call raises.
    """
    task = asyncio.ensure_future(call)
    first: set[asyncio.Future[Any]] = {task} if unless is None else {task, unless}
    try:
        await asyncio.wait(first, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not task.done():
            abandon(task)
    if not task.done() and unless is not None and unless.done():
        raise UnwantedError
    if not task.done():
        raise TimeoutError(f"takes longer than {seconds:g} s")
    if task.cancelled():
        raise RuntimeError("was cancelled by itself")
    return task.result()


def abandon(task: asyncio.Task[Any]) -> None:
    """Cancel a task without waiting for it; what becomes of it is of no interest."""
    task.cancel()
    _abandoned.add(task)
    task.add_done_callback(_forget)


def _forget(task: asyncio.Task[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()
