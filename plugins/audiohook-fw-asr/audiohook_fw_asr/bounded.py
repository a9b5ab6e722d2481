"""`bounded`: wait for code that may hang, and that may not even let itself be cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["abandon", "bounded"]

T = TypeVar("T")

_abandoned: set[asyncio.Task[Any]] = set()  # the loop itself holds tasks only weakly


async def bounded(call: Coroutine[Any, Any, T], seconds: float) -> T:
    """Return what a call returns, within so many seconds; then it is cancelled and not waited for.

    Raises:
        TimeoutError: it takes longer. Whatever the call raises.
    """
    task = asyncio.ensure_future(call)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            abandon(task)
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
