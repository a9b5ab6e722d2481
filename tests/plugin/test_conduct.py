"""What plugins do wrong beside raising, and when that shuts them out of new calls."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from audiohook_fw.plugin import NOBODY, PluginInfo, Running, hookimpl


class Storage:
    """Must have everything, and is stuck in its first frame."""

    info = PluginInfo(overflow="fail")

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    @hookimpl
    async def on_audio(self, frame: Any) -> None:
        await self.go_on.wait()


async def overflow(bench: Any, calls: int = 1) -> None:
    """Run so many calls at once in which the lane of each fails."""
    dispatches = [bench.call() for _ in range(calls)]
    await asyncio.sleep(1)
    for dispatch in dispatches:
        dispatch.accept()
        for position in range(0, 16_000, 4_000):
            dispatch.audio(bench.frame(position, 4_000))
            await asyncio.sleep(0)
    bench.manager.plugins[0].target.go_on.set()
    for bench.dispatch in dispatches:
        await bench.finish()
    bench.manager.plugins[0].target.go_on.clear()


async def test_lanes_that_fail_in_call_after_call_shut_a_plugin_out(bench: Any) -> None:
    bench.limits.lane_seconds = 1.0
    bench.load(storage=Storage())
    bench.manager.conduct._clock = asyncio.get_running_loop().time
    record = bench.manager.records[0]
    for expected in ("active", "active", "quarantined"):
        await overflow(bench)
        assert record.status == expected
    assert bench.metrics.value("audiohook.lane.failures", plugin="storage") == 3
    assert "failed too often in 3 calls within 600 s" in record.error


async def test_a_disk_that_hangs_for_a_moment_shuts_nobody_out_however_many_calls_it_hits(bench: Any) -> None:
    bench.limits.lane_seconds = 1.0
    bench.load(storage=Storage())
    bench.manager.conduct._clock = asyncio.get_running_loop().time
    await overflow(bench, calls=20)
    assert bench.metrics.value("audiohook.lane.failures", plugin="storage") == 20
    assert bench.manager.records[0].status == "active"


class Late:
    """Takes long to close."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    @hookimpl
    async def on_close(self) -> None:
        await asyncio.sleep(self.seconds)


@pytest.mark.parametrize(("seconds", "status"), [(30, "active"), (3_000, "quarantined")])
async def test_late_is_no_reason_but_being_cancelled_in_call_after_call_is(
    bench: Any, seconds: float, status: str
) -> None:
    bench.load(late=Late(seconds))
    bench.manager.conduct._clock = asyncio.get_running_loop().time
    for _ in range(3):
        await asyncio.sleep(1)
        bench.accepted()
        assert await bench.finish() == ("late",)
    assert bench.metrics.value("audiohook.hook.timeouts", plugin="late", hook="on_close") >= 3
    assert bench.manager.records[0].status == status


def test_blocks_far_apart_and_of_nobody_shut_nobody_out(bench: Any) -> None:
    conduct = bench.load(vad=Late(0)).conduct
    times = iter((0, 300, 601, 1_202))
    conduct._clock = lambda: next(times)
    for _ in range(4):
        assert not conduct.blocked(Running("vad", "on_audio"))
        assert not conduct.blocked(NOBODY)
        assert not conduct.blocked(Running("of another server", "on_audio"))
    assert bench.manager.records[0].status == "active"


def test_a_slow_hook_is_named(bench: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        bench.load(vad=Late(0)).conduct.slow(Running("vad", "on_close", "s-1"), 12.34)
    assert "plugin vad has been in on_close for 12.3 s; its lane waits" in caplog.text
    assert vars(caplog.records[-1])["session_id"] == "s-1"
    assert bench.metrics.value("audiohook.hook.slow", plugin="vad", hook="on_close") == 1
