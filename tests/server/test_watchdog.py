"""The watchdog: who blocks the loop is named while it is blocked, counted, and shut out in the end."""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from audiohook_fw.plugin import NOBODY, Running
from audiohook_fw.server import watchdog as module
from audiohook_fw.server.watchdog import BEAT, Watchdog
from audiohook_fw.telemetry import Metrics

BAD = Running("bad", "on_audio", "s-1")


class Plugins:
    """Stands for the plugins of a server: `block` is a hook of the plugin `bad`."""

    def __init__(self) -> None:
        self.blocks: list[Running] = []
        self.running = BAD
        self.fails = False

    def who_runs(self, frame: FrameType | None) -> Running:
        if self.fails:
            raise ValueError("planted")
        while frame is not None:
            if frame.f_code is block.__code__:
                return self.running
            frame = frame.f_back
        return NOBODY

    def blocked(self, by: Running) -> None:
        self.blocks.append(by)

    def slow(self, running: Running, seconds: float) -> None:
        raise AssertionError("no hook is slow here")

    def lanes(self) -> tuple[()]:
        return ()


def block(until: Callable[[], object]) -> None:
    """Hold the thread until something is true, as `time.sleep` in a plugin does; fail after 20 s."""
    secret = "Ada Lovelace"  # noqa: F841 - a local variable that no dump may show
    deadline = time.monotonic() + 20
    while not until():
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.01)


@pytest.fixture
def nothing_blocks() -> Iterator[None]:
    """Here something has to."""
    yield  # noqa: PT022 - takes the place of the fixture for all other tests


@pytest.fixture
def plugins() -> Plugins:
    return Plugins()


@pytest.fixture
def metrics() -> Iterator[Metrics]:
    metrics = Metrics()
    yield metrics
    metrics.shutdown()


@pytest.fixture
async def dog(plugins: Any, metrics: Metrics, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Watchdog]:
    caplog.set_level(logging.INFO)
    dog = Watchdog(plugins, metrics, block_timeout=0.3, slow_hook=10.0)
    dog.start()
    dog.start()
    yield dog
    dog.stop()


def found(caplog: pytest.LogCaptureFixture, text: str) -> list[logging.LogRecord]:
    return [record for record in caplog.records if text in record.getMessage()]


async def beats(number: int = 2) -> None:
    await asyncio.sleep(number * BEAT)


async def test_who_blocks_is_named_while_the_loop_is_still_blocked(
    dog: Watchdog, plugins: Plugins, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    begun = time.time()
    block(lambda: found(caplog, "plugin bad blocks the event loop in on_audio"))
    (record,) = found(caplog, "plugin bad blocks the event loop in on_audio")
    assert record.levelno == logging.ERROR
    assert vars(record)["session_id"] == "s-1"
    assert record.threadName == "audiohook-watchdog"
    assert record.created > begun
    assert metrics.value("audiohook.loop.blocked", plugin="bad", hook="on_audio") == 1
    assert plugins.blocks == []  # told once the loop is back, in its own thread
    await beats()
    assert plugins.blocks == [BAD]
    assert found(caplog, "the event loop runs again, after")
    (ended,) = dog.blocks
    assert ended.by == BAD
    assert ended.seconds > 0.3


async def test_the_stack_is_dumped_without_local_variables(
    dog: Watchdog, caplog: pytest.LogCaptureFixture
) -> None:
    block(lambda: found(caplog, "blocks the event loop"))
    (record,) = found(caplog, "blocks the event loop")
    assert record.stack_info
    assert re.search(
        r'File ".*test_watchdog\.py", line \d+, in block\n +time\.sleep\(0\.01\)', record.stack_info
    )
    assert "Ada" not in record.stack_info
    assert "Ada" not in record.getMessage()


async def test_one_block_is_reported_once_however_long(
    dog: Watchdog, plugins: Plugins, caplog: pytest.LogCaptureFixture
) -> None:
    block(lambda: found(caplog, "blocks the event loop"))
    more = time.monotonic() + 4 * BEAT
    block(lambda: time.monotonic() > more)
    await beats()
    block(lambda: len(found(caplog, "blocks the event loop")) == 2)
    await beats()
    assert plugins.blocks == [BAD, BAD]


async def test_what_no_plugin_does_is_counted_as_nobodys(
    dog: Watchdog, plugins: Plugins, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    plugins.running = NOBODY
    block(lambda: found(caplog, "by no plugin that can be named"))
    await beats()
    assert metrics.value("audiohook.loop.blocked", plugin="none", hook="none") == 1
    assert dog.blocks[0].by == NOBODY


async def test_many_short_hooks_in_a_row_are_nobodys_block(
    dog: Watchdog, plugins: Plugins, caplog: pytest.LogCaptureFixture
) -> None:
    hooks = itertools.cycle(("on_audio", "on_event"))

    def next_one(frame: FrameType | None) -> Running:
        return Running("bad", next(hooks))

    plugins.who_runs = next_one  # type: ignore[method-assign]
    block(lambda: found(caplog, "by no plugin that can be named"))
    await beats()
    assert plugins.blocks == [NOBODY]


async def test_one_hook_of_many_calls_in_a_row_is_nobodys_block(
    dog: Watchdog, plugins: Plugins, caplog: pytest.LogCaptureFixture
) -> None:
    calls = itertools.count()

    def next_one(frame: FrameType | None) -> Running:
        return Running("bad", "on_audio", f"session {next(calls)}")

    plugins.who_runs = next_one  # type: ignore[method-assign]
    block(lambda: found(caplog, "by no plugin that can be named"))
    await beats()
    assert plugins.blocks == [NOBODY]


async def test_who_blocks_at_last_is_named_whoever_ran_before(
    dog: Watchdog, plugins: Plugins, caplog: pytest.LogCaptureFixture
) -> None:
    earlier = [Running("other", "on_event"), Running("bad", "on_event"), NOBODY, Running("other", "on_event")]

    def next_one(frame: FrameType | None) -> Running:
        return earlier.pop(0) if earlier else BAD

    plugins.who_runs = next_one  # type: ignore[method-assign]
    block(lambda: found(caplog, "plugin bad blocks the event loop in on_audio"))
    assert len(found(caplog, "by no plugin that can be named")) == 1
    await beats()
    assert plugins.blocks == [BAD]


async def test_a_loop_that_is_late_and_not_blocked_is_no_block(
    dog: Watchdog, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    await beats(3)
    assert not found(caplog, "blocks the event loop")
    name = "audiohook_loop_lag_seconds"
    count = re.search(rf"^{name}_count (\S+)$", metrics.render()[0].decode(), re.MULTILINE)
    assert count
    assert float(count[1]) >= 2


async def test_what_the_thread_could_not_see_is_told_afterwards(
    plugins: Any, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    """Native code that keeps the interpreter's lock, or a process that was stopped: the clock alone moves."""
    now = 0.0
    dog = Watchdog(plugins, metrics, block_timeout=0.3, slow_hook=10.0, clock=lambda: now)
    dog.start()
    try:
        now = BEAT + 12.0
        with caplog.at_level(logging.WARNING):
            while not dog.blocks:  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.01)
    finally:
        dog.stop()
    assert found(caplog, "stood still for 12.0 s; why could not be seen")
    assert plugins.blocks == []
    assert metrics.value("audiohook.loop.blocked", plugin="none", hook="none") == 1


async def test_stuck_is_a_loop_that_stands_more_than_it_runs(plugins: Any, metrics: Metrics) -> None:
    now = 1_000.0
    dog = Watchdog(plugins, metrics, block_timeout=1.0, slow_hook=10.0, clock=lambda: now)
    verdicts = []
    for ended, seconds in ((1_010.0, 10.0), (1_021.0, 10.0), (1_035.0, 12.0)):
        now = ended
        dog._on_block(now, seconds, BAD)
        verdicts.append(dog.is_stuck)
    assert verdicts == [False, False, True]
    now = 1_061.5  # the first block began more than a minute ago, but ended within it
    assert dog.is_stuck
    now = 1_062.5
    assert not dog.is_stuck
    dog._on_block(now + 60, 1.0, BAD)
    assert len(dog._stood) == 1


async def test_the_watchdog_survives_its_own_failures(
    dog: Watchdog, plugins: Plugins, caplog: pytest.LogCaptureFixture
) -> None:
    plugins.fails = True
    block(lambda: found(caplog, "the watchdog failed; it goes on"))
    plugins.fails = False
    block(lambda: found(caplog, "plugin bad blocks the event loop"))


async def test_several_watch_one_loop_and_their_threads_end(
    plugins: Any, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    before = set(threading.enumerate())
    dogs = [Watchdog(plugins, metrics, block_timeout=0.3, slow_hook=10.0) for _ in range(3)]
    for dog in dogs:
        dog.start()
    threads = set(threading.enumerate()) - before
    assert [(thread.name, thread.daemon) for thread in threads] == [("audiohook-watchdog", True)] * 3
    block(lambda: len(found(caplog, "plugin bad blocks the event loop")) == 3)
    for dog in dogs:
        dog.stop()
    async with asyncio.timeout(20):
        while any(thread.is_alive() for thread in threads):  # noqa: ASYNC110 - a thread is no event
            await asyncio.sleep(0.01)


def test_a_loop_that_was_closed_is_not_watched_any_more(plugins: Any, metrics: Metrics) -> None:
    before = set(threading.enumerate())
    threads: set[threading.Thread] = set()

    async def main() -> None:
        Watchdog(plugins, metrics, block_timeout=0.05, slow_hook=10.0).start()
        threads.update(set(threading.enumerate()) - before)

    asyncio.run(main())
    assert len(threads) == 1
    block(lambda: not any(thread.is_alive() for thread in threads))


def test_with_the_defaults_a_dump_is_out_within_two_seconds() -> None:
    from audiohook_fw.config import Settings

    looks = module._LOOKS / 2
    assert module.BEAT + looks * Settings().limits.block_timeout < 2
