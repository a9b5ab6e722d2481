"""Waiting for code that hangs, and results that come by call-back."""

from __future__ import annotations

import asyncio

import pytest
from audiohook_fw_asr import BufferedStream, Result
from audiohook_fw_asr.bounded import UnwantedError, bounded

from audiohook_fw.testing import VirtualLoop


def run(main: object) -> object:
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main)  # type: ignore[arg-type]
    finally:
        loop.close()


async def stubborn(until: asyncio.Event) -> None:
    while not until.is_set():
        try:
            await until.wait()
        except asyncio.CancelledError:
            continue


def test_what_would_not_be_cancelled_is_left() -> None:
    async def main() -> float:
        loop, until = asyncio.get_running_loop(), asyncio.Event()
        with pytest.raises(TimeoutError, match="takes longer than 3 s"):
            await bounded(stubborn(until), 3.0)
        until.set()
        await asyncio.sleep(1)
        return loop.time()

    assert run(main()) == pytest.approx(4.0)


def test_results_errors_and_cancelling_of_its_own() -> None:
    async def give(value: object) -> object:
        if isinstance(value, BaseException):
            raise value
        return value

    async def main() -> None:
        assert await bounded(give(5), 1.0) == 5
        with pytest.raises(OSError, match="broken"):
            await bounded(give(OSError("broken")), 1.0)
        with pytest.raises(RuntimeError, match="cancelled by itself"):
            await bounded(give(asyncio.CancelledError()), 1.0)

    run(main())


def test_drained_waits_until_all_is_dealt_with() -> None:
    async def main() -> None:
        stream, taken = BufferedStream(), []

        async def read() -> None:
            async for result in stream:
                await asyncio.sleep(1)
                taken.append(result.text)

        reader = asyncio.create_task(read())
        stream.put(Result("a"))
        stream.put(Result("b"))
        await stream.drained()
        assert taken == ["a", "b"]
        stream.put(Result("c"))
        stream.fail(ConnectionError("gone"))
        with pytest.raises(ConnectionError, match="gone"):
            await reader
        assert taken == ["a", "b", "c"]

    run(main())


def test_what_is_wanted_no_more_is_left_at_once() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        until, unless = asyncio.Event(), loop.create_future()
        loop.call_later(2, unless.set_result, None)
        with pytest.raises(UnwantedError):
            await bounded(stubborn(until), 10, unless=unless)
        assert loop.time() == pytest.approx(2)
        until.set()
        assert await bounded(asyncio.sleep(1, "here"), 10, unless=loop.create_future()) == "here"
        with pytest.raises(TimeoutError):
            await bounded(asyncio.sleep(5), 1, unless=loop.create_future())

    run(main())
