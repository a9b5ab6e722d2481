"""`run`: what plugins leave in the loop, or do to it, changes neither its result nor its end."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from audiohook_fw.server import event_loop, loop_factory, run


@pytest.fixture(params=["fastest", "asyncio"], autouse=True)
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Every test runs on uvloop, if it is installed, and on asyncio's own loop."""
    if request.param == "asyncio":
        monkeypatch.setitem(sys.modules, "uvloop", None)
    return request.param


def stop() -> None:
    raise SystemExit(3)


async def stop_soon() -> None:
    await asyncio.sleep(0)
    stop()


def test_it_runs_on_the_fastest_loop_installed(loop: str) -> None:
    async def main() -> str:
        return type(asyncio.get_running_loop()).__module__

    fast = loop_factory()
    assert fast is None or loop == "fastest"
    assert run(main()).split(".")[0] == ("asyncio" if fast is None else "uvloop")


def test_system_exit_of_another_task_or_callback_ends_nothing() -> None:
    seen: list[str] = []

    async def main() -> str:
        for _ in range(2):
            stray = asyncio.create_task(stop_soon())
            asyncio.get_running_loop().call_soon(stop)
            asyncio.get_running_loop().call_soon(seen.append, "after")
            await asyncio.wait({stray})
            seen.append(type(stray.exception()).__name__)
        return "result"

    assert run(main()) == "result"
    assert seen == ["after", "SystemExit"] * 2


def test_what_main_raises_is_raised_even_after_a_stray_system_exit() -> None:
    async def main(error: BaseException) -> None:
        await asyncio.wait({asyncio.create_task(stop_soon())})
        raise error

    for error in (ValueError("main's own"), SystemExit(7)):
        with pytest.raises(type(error)) as caught:
            run(main(error))
        assert caught.value is error


def test_tasks_left_behind_get_to_their_end() -> None:
    ended = []

    async def other(name: str) -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(0)
            ended.append(name)
            stop()

    async def main() -> None:
        kept.extend(asyncio.create_task(other(name)) for name in "ab")
        await asyncio.sleep(0)

    kept: list[asyncio.Task[None]] = []
    run(main())
    assert sorted(ended) == ["a", "b"]
    assert [type(task.exception()) for task in kept] == [SystemExit] * 2


def test_tasks_and_generators_that_do_not_end_are_named_and_left(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(event_loop, "_PATIENCE", 0.02)
    kept: list[Any] = []
    end = False

    async def stubborn() -> None:
        while not end:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.001)

    async def endless() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            await stubborn()

    async def main() -> int:
        kept.extend((asyncio.create_task(stubborn(), name="mine"), endless()))
        return int(await anext(kept[1]))

    assert run(main()) == 1
    assert "task mine (" in caplog.text
    assert "stubborn) does not end" in caplog.text
    assert "async generators" in caplog.text
    kept[0]._log_destroy_pending = False
    kept[0].get_coro().close()


def test_threads_of_the_executor_are_not_waited_for() -> None:
    go_on, ended = threading.Event(), threading.Event()

    def work() -> None:
        go_on.wait(10)
        ended.set()

    async def main() -> None:
        asyncio.get_running_loop().run_in_executor(None, work)
        await asyncio.sleep(0)

    run(main())
    assert not ended.is_set()
    go_on.set()
    assert ended.wait(10)


def test_after_an_interrupt_all_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = []

    async def interrupt() -> None:
        raise KeyboardInterrupt

    async def main() -> None:
        try:
            kept.append(asyncio.create_task(interrupt()))
            await asyncio.sleep(1000)
        finally:
            ended.append("main")

    kept: list[asyncio.Task[None]] = []
    with pytest.raises(KeyboardInterrupt):
        run(main())
    assert ended == ["main"]
    assert isinstance(kept[0].exception(), KeyboardInterrupt)


def test_threads_give_way_to_the_loop_sooner_than_by_default():
    async def main() -> float:
        return sys.getswitchinterval()

    before = sys.getswitchinterval()
    assert run(main()) < before
    assert sys.getswitchinterval() == before
