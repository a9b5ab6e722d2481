"""`run`: an event loop that plugins can neither end nor keep from ending."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Collection, Coroutine
from typing import Any, Final, TypeVar

__all__ = ["loop_factory", "run"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

_SWITCH: Final = 0.001
"""Seconds after which a thread that computes lets the loop's thread go on. Python's own 5 ms add up, since
the loop gives way at every read and write: with them the export of traces made frames wait for 45 ms."""

_PATIENCE: Final = 1.0  # seconds for what is left to end once it is cancelled


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory when it is installed (extra `fast`), else `None` for asyncio's own loop."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the fastest event loop installed, and return its result.

    Other tasks that raise `SystemExit` are logged: plugins have tasks, and one must not end the server.
    Threads that compute give way to the loop five times as soon as Python's default would have it.
    Tasks and generators that `main` leaves behind are cancelled and have 2 s to end. Threads of the
    loop's executor are told to end and not waited for.

    Raises:
        BaseException: what `main` raises. KeyboardInterrupt: on Ctrl-C, after `main` was cancelled.
    """
    runner = asyncio.Runner(loop_factory=loop_factory())
    loop = runner.get_loop()
    switch = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH)
    try:
        return _outlive(runner, main)
    finally:
        sys.setswitchinterval(switch)
        # Not `runner.close()`: it waits for as long as plugins' tasks and threads like.
        try:
            _outlive(runner, _tidy(asyncio.all_tasks(loop)))
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def _outlive(runner: asyncio.Runner, main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end, though another task's `SystemExit` stops the loop."""
    task = runner.get_loop().create_task(main, name="audiohook-main")
    while True:
        try:
            return runner.run(_result(task))
        except SystemExit as error:
            if task.done():
                return task.result()
            # asyncio lets it through, but has lost nothing: the loop can be run again.
            logger.error("a task raised SystemExit; that ends only the task", exc_info=error)


async def _result(task: asyncio.Task[T]) -> T:
    return await task


async def _tidy(left: Collection[asyncio.Task[Any]]) -> None:
    """Cancel what is left in this loop, and wait a little for its end."""
    loop = asyncio.get_running_loop()
    for task in left:
        task.cancel()
    await _settle(left)
    await _settle({loop.create_task(loop.shutdown_asyncgens(), name="async generators")})


async def _settle(tasks: Collection[asyncio.Task[Any]]) -> None:
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=_PATIENCE)
    for task in late:
        logger.error("%s does not end when cancelled; it is left behind", _describe(task))


def _describe(task: asyncio.Task[Any]) -> str:
    """Return a task's name and its function's: names that asyncio gives tell nothing."""
    function = getattr(task.get_coro(), "__qualname__", "")
    return f"task {task.get_name()} ({function})"
