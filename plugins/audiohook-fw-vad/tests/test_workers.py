"""Threads are bounded, and those that hang are replaced; jobs that only wait are not given up."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator

import pytest
from audiohook_fw_vad import workers as module
from audiohook_fw_vad.workers import HungError, Workers


@pytest.fixture
def go() -> threading.Event:
    return threading.Event()


@pytest.fixture
async def one(go: threading.Event) -> AsyncIterator[Workers]:
    """One thread, whose jobs may take 0.2 s."""
    made = Workers(1, timeout=0.2)
    yield made
    go.set()
    await made.join()


async def test_it_runs_and_raises(one: Workers) -> None:
    assert await one.run(pow, 2, 5) == 32
    with pytest.raises(ZeroDivisionError):
        await one.run(divmod, 1, 0)


async def test_a_thread_that_hangs_is_given_up_and_others_go_on(one: Workers, go: threading.Event) -> None:
    hangs = asyncio.create_task(one.run(go.wait, 60))
    await asyncio.sleep(0.01)
    waits = asyncio.create_task(one.run(pow, 2, 5))  # behind it, in the same thread
    with pytest.raises(HungError, match="within"):
        await hangs
    assert await waits == 32
    assert await one.run(pow, 2, 6) == 64
    assert one.hung == 1
    assert one.problem is None


async def test_what_waits_for_its_turn_is_not_late() -> None:
    workers = Workers(1, timeout=1.0)
    await asyncio.gather(*(workers.run(time.sleep, 0.1) for _ in range(22)))  # twice the limit, and more
    assert workers.hung == 0
    await workers.join()


async def test_after_too_many_nothing_is_tried_and_that_is_said(
    one: Workers, go: threading.Event, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MOST_HUNG", 2)
    for _ in range(2):
        with pytest.raises(HungError):
            await one.run(go.wait, 60)
    with pytest.raises(HungError, match="too many"):
        await one.run(pow, 2, 5)
    assert one.problem is not None
    assert "restart the server" in caplog.text


async def test_cancelling_stops_the_waiting(one: Workers, go: threading.Event) -> None:
    task = asyncio.create_task(one.run(go.wait, 60))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    assert await one.run(pow, 2, 5) == 32


async def test_after_close_it_says_so(one: Workers) -> None:
    one.close()
    with pytest.raises(RuntimeError):
        await one.run(pow, 2, 5)
