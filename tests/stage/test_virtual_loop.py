"""Virtual time: it jumps to the next timer, waits for threads of executors, and can be stepped."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from audiohook_fw.testing import VirtualLoop


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    yield loop
    loop.close()


def test_an_hour_takes_a_moment(loop: VirtualLoop) -> None:
    began = time.monotonic()
    loop.run_until_complete(asyncio.sleep(3600))
    assert loop.time() == pytest.approx(3600)
    assert time.monotonic() - began < 60


def test_step_by_step(loop: VirtualLoop) -> None:
    seen: list[float] = []
    for at in (1.0, 2.0, 2.0, 7.0):
        loop.call_later(at, lambda: seen.append(loop.time()))
    loop.run_for(0)
    assert seen == []
    loop.run_for(2.0)
    assert seen == [1.0, 2.0, 2.0]
    loop.run_for(1.5)
    assert loop.time() == 3.5
    loop.run_for(100)
    assert (seen[-1], loop.time()) == (7.0, 103.5)


def test_a_step_runs_all_that_needs_no_time(loop: VirtualLoop) -> None:
    seen: list[int] = []

    async def busy() -> None:
        for number in range(1000):
            await asyncio.sleep(0)
            seen.append(number)

    task = loop.create_task(busy())
    loop.run_for(0)
    assert task.done()
    assert len(seen) == 1000


@pytest.mark.parametrize("run", ["default executor", "own executor", "to_thread"])
def test_time_stands_still_while_a_thread_works(loop: VirtualLoop, run: str) -> None:
    """However long it takes: the timer of a virtual second does not fire before the thread is done."""
    go, order = threading.Event(), list[str]()

    def work() -> str:
        go.wait(30)
        time.sleep(0.05)
        return "worked"

    async def main() -> None:
        loop.call_later(0.001, order.append, "timer")
        loop.call_soon(go.set)
        with ThreadPoolExecutor(1) as pool:
            match run:
                case "to_thread":
                    result = await asyncio.to_thread(work)
                case "own executor":
                    result = await loop.run_in_executor(pool, work)
                case _:
                    result = await loop.run_in_executor(None, work)
        order.append(result)
        assert loop.time() == 0.0
        await asyncio.sleep(1)

    loop.run_until_complete(main())
    assert order == ["worked", "timer"]


def test_it_stands_still_for_a_thread_nobody_waits_for(loop: VirtualLoop) -> None:
    go, done = threading.Event(), list[float]()

    def work() -> None:
        go.wait(30)
        loop.call_soon_threadsafe(lambda: done.append(loop.time()))

    async def main() -> None:
        future = loop.run_in_executor(None, work)
        await asyncio.sleep(0)
        future.cancel()
        go.set()
        await asyncio.sleep(5)

    loop.run_until_complete(main())
    assert done == [0.0]


def test_a_thread_that_hangs_does_not_hold_time_for_ever() -> None:
    loop, go = VirtualLoop(patience=0.01), threading.Event()

    async def main() -> None:
        future = loop.run_in_executor(None, go.wait, 30)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(future), 10)
        assert loop.time() == 10.0
        go.set()
        await future

    loop.run_until_complete(main())
    loop.close()


def test_errors_of_threads_arrive(loop: VirtualLoop) -> None:
    with pytest.raises(ZeroDivisionError):
        loop.run_until_complete(loop.run_in_executor(None, divmod, 1, 0))


def test_a_thread_may_outlive_the_loop() -> None:
    loop, go = VirtualLoop(), threading.Event()
    pool = ThreadPoolExecutor(1)
    loop.run_in_executor(pool, go.wait, 30)
    loop.close()
    go.set()
    pool.shutdown()


def test_sockets_are_real(loop: VirtualLoop) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    async def main() -> bytes:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\n")
        async with asyncio.timeout(3600):
            line = await reader.readline()
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
        return line

    assert loop.run_until_complete(main()) == b"hello\n"


def test_it_tells_how_busy_a_step_was(loop: VirtualLoop) -> None:
    def spin() -> None:
        until = time.thread_time() + 0.05
        while time.thread_time() < until:
            pass

    loop.call_soon(spin)
    loop.run_for(0)
    assert 0.05 <= loop.busiest < 10
    factory: Callable[[], VirtualLoop] = VirtualLoop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(asyncio.sleep(1))


def test_results_of_threads_come_in_the_order_they_were_asked_for() -> None:
    """Each when nothing else is to be done, so that nothing depends on which thread is faster."""
    done: list[str] = []

    async def ask(name: str, seconds: float) -> None:
        await asyncio.to_thread(time.sleep, seconds)
        for step in range(3):
            done.append(f"{name}{step}")
            await asyncio.sleep(0)

    async def ask_all() -> None:
        await asyncio.gather(ask("a", 0.1), ask("b", 0.0), ask("c", 0.05))

    loop = VirtualLoop(ordered=True)
    loop.run_until_complete(ask_all())
    assert loop.time() == 0
    loop.close()
    assert done == [f"{name}{step}" for name in "abc" for step in range(3)]


def test_ordered_results_may_be_errors_or_not_wanted_any_more() -> None:
    started, go_on = threading.Event(), threading.Event()

    def hang() -> None:
        started.set()
        go_on.wait(60)

    async def ask() -> str:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 / 0)
        task = asyncio.create_task(asyncio.to_thread(hang))
        await asyncio.sleep(0)
        started.wait(60)
        task.cancel()
        go_on.set()
        return await asyncio.to_thread(lambda: "fine")

    loop = VirtualLoop(ordered=True)
    assert loop.run_until_complete(ask()) == "fine"
    loop.close()


def test_a_thread_that_hangs_does_not_keep_the_results_of_others() -> None:
    go_on = threading.Event()

    async def ask() -> tuple[str, float]:
        task = asyncio.create_task(asyncio.to_thread(go_on.wait, 60))
        await asyncio.sleep(0)
        try:
            for _ in range(20):
                found = await asyncio.to_thread(lambda: "fine")
            await asyncio.sleep(5)
        finally:
            go_on.set()
        await task
        return found, asyncio.get_running_loop().time()

    loop = VirtualLoop(ordered=True, patience=0.5)
    began = time.monotonic()
    found, now = loop.run_until_complete(ask())
    assert time.monotonic() - began >= 0.5
    loop.close()
    assert (found, now >= 5) == ("fine", True)
