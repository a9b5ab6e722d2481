"""Eager steps: a coroutine's first step in the name of a task that sleeps, without waking it.

Most hooks that are `async def` end without waiting for anything. To wake a task for each costs more than the
hook. Python 3.12 has eager tasks for that; a lane needs it for a task that exists, and on 3.11 too. The
functions used are those that asyncio documents for other implementations of tasks.
"""

from __future__ import annotations

import asyncio
import types
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Coroutine, Generator
from typing import Any, NamedTuple

__all__ = ["Begun", "first_step", "go_on"]


class Begun(NamedTuple):
    """A coroutine that has taken its first step, and waits for what it yielded."""

    coroutine: Coroutine[Any, Any, None]
    waits_for: Any


def first_step(
    coroutine: Coroutine[Any, Any, None], task: asyncio.Task[None], loop: asyncio.AbstractEventLoop
) -> Begun | None:
    """Take a coroutine's first step as if `task` did; return what is left of it, for the task to `go_on`.

    To be called in the task's context, and while no task runs. What the coroutine raises is raised.
    """
    _enter_task(loop, task)
    try:
        return Begun(coroutine, coroutine.send(None))
    except StopIteration:
        return None
    finally:
        _leave_task(loop, task)


@types.coroutine
def go_on(begun: Begun, error: BaseException | None = None) -> Generator[Any, Any, None]:
    """Finish a coroutine that was begun; `error` is raised where it waits, in place of waiting."""
    coroutine, waits_for = begun
    while True:
        value = None
        if error is None:
            try:
                value = yield waits_for
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as thrown:  # a cancellation, mostly: it is the coroutine's
                error = thrown
        try:
            if error is None:
                waits_for = coroutine.send(value)
            else:
                thrown_in, error = error, None
                waits_for = coroutine.throw(thrown_in)
        except StopIteration:
            return
