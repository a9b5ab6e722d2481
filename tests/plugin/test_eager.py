"""A coroutine's first step in a sleeping task's name, and the rest in the task itself."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from audiohook_fw.plugin.eager import Begun, first_step, go_on


class Sleeper:
    """A task that sleeps, and finishes what was begun in its name."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.wake: asyncio.Future[Begun | None] = self.loop.create_future()
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        begun = await self.wake
        if begun is not None:
            await go_on(begun)


async def in_callback(function: Callable[[], Any]) -> Any:
    """Call a function as the event loop calls it: in no task."""
    done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def call() -> None:
        try:
            done.set_result(function())
        except Exception as error:
            done.set_exception(error)

    asyncio.get_running_loop().call_soon(call)
    return await done


async def begin(sleeper: Sleeper, coroutine: Coroutine[Any, Any, None]) -> Begun | None:
    await asyncio.sleep(0)  # it sleeps
    begun: Begun | None = await in_callback(lambda: first_step(coroutine, sleeper.task, sleeper.loop))
    return begun


async def test_what_never_waits_is_over_at_once() -> None:
    seen: list[object] = []

    async def hook() -> None:
        seen.append(asyncio.current_task())

    sleeper = Sleeper()
    assert await begin(sleeper, hook()) is None
    assert seen == [sleeper.task]
    sleeper.task.cancel()


async def test_what_waits_goes_on_in_the_task() -> None:
    seen: list[object] = []

    async def hook() -> None:
        for _ in range(2):
            await asyncio.sleep(1)
            seen.append(asyncio.current_task())
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            seen.append(await asyncio.sleep(1, "value"))

    sleeper = Sleeper()
    begun = await begin(sleeper, hook())
    sleeper.wake.set_result(begun)
    await sleeper.task
    assert seen == [sleeper.task, sleeper.task, "value"]


async def test_a_time_limit_that_was_begun_eagerly_holds() -> None:
    seen: list[str] = []

    async def hook() -> None:
        try:
            async with asyncio.timeout(1):
                await asyncio.sleep(60)
        except TimeoutError:
            seen.append("late")
        await asyncio.sleep(1)
        seen.append("on")

    sleeper = Sleeper()
    sleeper.wake.set_result(await begin(sleeper, hook()))
    await sleeper.task
    assert seen == ["late", "on"]


async def test_a_cancellation_reaches_it_where_it_waits() -> None:
    seen: list[str] = []

    async def hook() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            await asyncio.sleep(1)
            seen.append("cleaned up")
            raise

    sleeper = Sleeper()
    sleeper.wake.set_result(await begin(sleeper, hook()))
    await asyncio.sleep(1)
    sleeper.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeper.task
    assert seen == ["cancelled", "cleaned up"]


async def test_an_error_can_be_thrown_in_before_it_waits() -> None:
    async def hook() -> None:
        with pytest.raises(ValueError, match="thrown"):
            await asyncio.sleep(60)
        await asyncio.sleep(1)

    sleeper = Sleeper()
    begun = await begin(sleeper, hook())
    sleeper.task.cancel()
    assert begun is not None
    await go_on(begun, ValueError("thrown"))


@pytest.mark.parametrize("waits", [False, True])
async def test_what_it_raises_is_raised(waits: bool) -> None:
    async def hook() -> None:
        if waits:
            await asyncio.sleep(1)
        raise KeyError("broken")

    sleeper = Sleeper()
    if not waits:
        with pytest.raises(KeyError, match="broken"):
            await begin(sleeper, hook())
        assert asyncio.current_task() is not sleeper.task
        sleeper.task.cancel()
        return
    sleeper.wake.set_result(await begin(sleeper, hook()))
    with pytest.raises(KeyError, match="broken"):
        await sleeper.task


async def test_closing_the_task_closes_it_too() -> None:
    seen: list[str] = []

    async def hook() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            seen.append("closed")

    sleeper = Sleeper()
    begun = await begin(sleeper, hook())
    sleeper.task.cancel()
    assert begun is not None
    rest = go_on(begun)
    rest.send(None)
    rest.close()
    assert seen == ["closed"]


async def test_context_variables_are_those_it_is_called_in() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")
    seen: list[str] = []

    async def hook() -> None:
        seen.append(variable.get())

    sleeper = Sleeper()
    context = contextvars.copy_context()
    context.run(variable.set, "the lane's")
    await asyncio.sleep(0)
    await in_callback(lambda: context.run(first_step, hook(), sleeper.task, sleeper.loop))
    assert seen == ["the lane's"]
    sleeper.task.cancel()
