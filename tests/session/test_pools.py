"""Threads for blocking work: bounded, and one pool for each plugin."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Iterator

import pytest

from audiohook_fw.errors import PluginOverflowError
from audiohook_fw.session import BlockingPools


@pytest.fixture
def pools() -> Iterator[BlockingPools]:
    pools = BlockingPools(2)
    yield pools
    pools.close()


async def test_result_and_exception_come_back(pools: BlockingPools) -> None:
    assert await pools.run("a", "{} {b}".format, 1, b=2) == "1 2"
    with pytest.raises(ZeroDivisionError):
        await pools.run("a", lambda: 1 // 0)


async def test_work_runs_in_a_thread_that_names_its_plugin_and_in_the_callers_context(
    pools: BlockingPools,
) -> None:
    variable = contextvars.ContextVar("variable", default="")
    variable.set("mine")
    name, value = await pools.run("a", lambda: (threading.current_thread().name, variable.get()))
    assert name.startswith("audiohook-a")
    assert value == "mine"


async def test_a_plugin_has_so_many_threads_and_no_more(pools: BlockingPools) -> None:
    gate, running = threading.Event(), threading.Semaphore(0)

    def work() -> None:
        running.release()
        gate.wait(10)

    jobs = [asyncio.ensure_future(pools.run("a", work)) for _ in range(5)]
    await asyncio.to_thread(lambda: [running.acquire(timeout=10) for _ in range(2)])
    assert not await asyncio.to_thread(running.acquire, timeout=0.05)
    gate.set()
    await asyncio.gather(*jobs)


async def test_a_plugin_that_fills_its_pool_delays_nobody_else(pools: BlockingPools) -> None:
    gate = threading.Event()
    jobs = [asyncio.ensure_future(pools.run("a", gate.wait, 10)) for _ in range(10)]
    assert await pools.run("b", lambda: "done") == "done"
    assert not any(job.done() for job in jobs)
    gate.set()
    assert await asyncio.gather(*jobs) == [True] * 10


async def test_cancelling_stops_the_waiting_only(pools: BlockingPools) -> None:
    begun, gate, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        gate.wait(10)
        done.set()

    job = asyncio.ensure_future(pools.run("a", work))
    assert await asyncio.to_thread(begun.wait, 10)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert not done.is_set()
    gate.set()
    assert await asyncio.to_thread(done.wait, 10)


async def test_closing_drops_what_has_not_begun_and_takes_no_more() -> None:
    pools, gate, begun = BlockingPools(1), threading.Event(), threading.Event()

    def work() -> str:
        begun.set()
        gate.wait(10)
        return "ran"

    first = asyncio.ensure_future(pools.run("a", work))
    second = asyncio.ensure_future(pools.run("a", work))
    assert await asyncio.to_thread(begun.wait, 10)
    pools.close()
    pools.close()
    gate.set()
    assert await first == "ran"
    with pytest.raises(asyncio.CancelledError):
        await second
    with pytest.raises(RuntimeError, match="shut"):
        await pools.run("a", work)
    with pytest.raises(RuntimeError, match="shut"):
        await pools.run("never used", work)


async def test_a_plugin_that_submits_without_end_is_refused_and_nobody_else() -> None:
    pools, gate = BlockingPools(1, queue=3), threading.Event()
    jobs = [asyncio.ensure_future(pools.run("a", gate.wait, 10)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(PluginOverflowError, match=r"3 calls wait or run already \(limits\.pool_queue\)"):
        await pools.run("a", gate.wait, 10)
    assert await pools.run("b", lambda: "done") == "done"
    gate.set()
    assert await asyncio.gather(*jobs) == [True] * 3
    assert await pools.run("a", lambda: "room again") == "room again"
    pools.close()


async def test_work_nobody_waits_for_any_more_keeps_its_place_and_is_not_done() -> None:
    pools, gate, ran = BlockingPools(1, queue=3), threading.Event(), threading.Event()
    first = asyncio.ensure_future(pools.run("a", gate.wait, 10))
    for _ in range(2):
        waiting = asyncio.ensure_future(pools.run("a", ran.set))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    with pytest.raises(PluginOverflowError):
        await pools.run("a", ran.set)
    gate.set()
    assert await first
    while True:
        try:
            assert await pools.run("a", lambda: "after all") == "after all"
            break
        except PluginOverflowError:
            await asyncio.sleep(0.01)
    assert not ran.is_set()
    pools.close()


async def test_a_failure_nobody_waits_for_is_nobodys() -> None:
    pools, begun, gate = BlockingPools(1), threading.Event(), threading.Event()
    unhandled: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))

    def fail() -> None:
        begun.set()
        gate.wait(10)
        raise ZeroDivisionError

    job = asyncio.ensure_future(pools.run("a", fail))
    assert await asyncio.to_thread(begun.wait, 10)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    gate.set()
    assert await pools.run("a", lambda: "next") == "next"
    del job
    assert unhandled == []
    pools.close()
