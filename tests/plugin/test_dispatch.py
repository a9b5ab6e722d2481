"""One call's plugins: order, colour, arguments, overflow."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest

from audiohook_fw.plugin import (
    CallStatistics,
    Overflow,
    PluginInfo,
    SessionHandler,
    hookimpl,
)


async def test_functions_and_handlers_in_configured_order(bench: Any) -> None:
    class Functions:
        @hookimpl
        def on_audio(self, session: Any, frame: Any) -> None:
            bench.seen.append((session.name, frame.position))

    class Handled:
        @hookimpl
        def create_handler(self, session: Any) -> Any:
            class Handler(SessionHandler):
                def on_audio(self, frame: Any) -> None:
                    bench.seen.append((session.name, frame.position))

            return Handler()

    dispatch = bench.accepted(zed=Functions, mid=Handled, abc=Functions)
    dispatch.audio(bench.frame(80))
    assert bench.seen == [("zed", 80), ("mid", 80), ("abc", 80)]
    assert dispatch.audio_takers == {"zed", "mid", "abc"}
    assert dispatch.listeners == {"zed", "mid", "abc"}
    assert [s.plugin for s in dispatch.statistics()] == ["zed", "mid", "abc"]
    assert repr(dispatch) == "<CallDispatch s-1 zed mid abc>"
    await bench.finish()


async def test_a_plugin_may_have_functions_and_a_handler(bench: Any) -> None:
    class Handler(SessionHandler):
        def on_pause(self, position: int) -> None:
            bench.seen.append(("handler", position))

    class Plugin:
        @hookimpl
        def create_handler(self) -> SessionHandler:
            return Handler()

        @hookimpl
        def on_pause(self, origin: Any) -> None:
            bench.seen.append(("function", origin))

    dispatch = bench.accepted(both=Plugin)
    dispatch.control("on_pause", "client", 80)
    assert bench.seen == [("function", "client"), ("handler", 80)]
    await bench.finish()


async def test_one_async_hook_sends_all_of_them_through_the_lane(bench: Any) -> None:
    class Handler(SessionHandler):
        def on_audio(self, frame: Any) -> None:
            bench.seen.append(frame.position)

        async def on_pause(self) -> None:
            bench.seen.append("pause")

    class Plugin:
        @hookimpl
        def create_handler(self) -> Any:
            return Handler()

        @hookimpl
        def on_resume(self, gap: Any) -> None:
            bench.seen.append(gap)

    dispatch = bench.accepted(mixed=Plugin)
    dispatch.audio(bench.frame(0))
    dispatch.control("on_pause", "client", 80)
    dispatch.control("on_resume", "gap")
    dispatch.audio(bench.frame(80))
    assert bench.seen == []
    await bench.finish()
    assert bench.seen == [0, "pause", "gap", 80]
    assert dispatch.statistics_of("mixed").in_lane
    record = bench.manager.records[0]
    assert record.hooks == {
        "create_handler": "call", "on_audio": "lane", "on_pause": "lane", "on_resume": "lane",
    }  # fmt: skip


async def test_without_handler_only_the_functions_remain(bench: Any) -> None:
    class Plugin:
        @hookimpl
        def create_handler(self) -> Any:
            return None

        @hookimpl
        def on_audio(self) -> None:
            bench.seen.append("audio")

    bench.accepted(quiet=Plugin).audio(bench.frame())
    assert bench.seen == ["audio"]
    await bench.finish()


async def test_a_plugin_without_events_is_no_part_of_the_call(bench: Any) -> None:
    class Plugin:
        @hookimpl
        def on_open(self) -> None: ...

    dispatch = bench.accepted(policy=Plugin)
    assert dispatch.statistics() == ()
    assert dispatch.audio_takers == frozenset()
    assert dispatch.statistics_of("policy") == CallStatistics("policy")
    with pytest.raises(KeyError):
        dispatch.statistics_of("other")
    await bench.finish()


async def test_lanes_run_in_copies_of_the_context_given(bench: Any) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("span")
    variable.set("session")

    class Plugin:
        @hookimpl
        async def on_opened(self, session: Any) -> None:
            bench.seen.append(variable.get())
            variable.set(session.name)

    dispatch = bench.accepted(a=Plugin, b=Plugin)
    dispatch.control("on_opened")
    await bench.finish()
    assert bench.seen == ["session", "session"]
    assert variable.get() == "session"


async def test_a_slow_plugin_loses_its_own_audio_only(bench: Any) -> None:
    class Slow:
        info = PluginInfo(max_lag=0.02)

        @hookimpl
        async def on_audio(self, frame: Any) -> None:
            bench.seen.append((frame.position, frame.dropped_before))
            await asyncio.sleep(1)

    class Good:
        frames: list[int] = []  # noqa: RUF012

        @hookimpl
        async def on_audio(self, frame: Any) -> None:
            Good.frames.append(frame.position)

    dispatch = bench.accepted(slow=Slow, good=Good)
    for position in range(0, 800, 80):
        dispatch.audio(bench.frame(position))
        await asyncio.sleep(0.001)
    await bench.finish()
    assert Good.frames == list(range(0, 800, 80))
    assert bench.seen == [(0, 0), (640, 560), (720, 0)]
    assert dispatch.statistics_of("slow") == CallStatistics("slow", in_lane=True, dropped=560)


async def test_a_lane_that_sleeps_takes_a_frame_at_once_from_the_loop_and_is_woken_by_a_task(
    bench: Any,
) -> None:
    class Lane:
        @hookimpl
        async def on_audio(self, frame: Any) -> None:
            bench.seen.append(frame.position)

    class Inline:
        @hookimpl
        def on_audio(self, frame: Any) -> None:
            bench.seen.append("inline")

    def from_the_loop() -> None:
        dispatch.audio(bench.frame(80))
        bench.seen.append("returned")

    dispatch = bench.accepted(lane=Lane, inline=Inline)
    dispatch.audio(bench.frame(0))
    assert bench.seen == ["inline"]
    await asyncio.sleep(1)
    asyncio.get_running_loop().call_soon(from_the_loop)
    await asyncio.sleep(1)
    assert bench.seen == ["inline", 0, "inline", 80, "returned"]
    await bench.finish()


async def test_a_failing_lane_is_told_to_session_plugin_and_metrics(bench: Any) -> None:
    class Recorder:
        info = PluginInfo(overflow=Overflow.FAIL, max_lag=0.02)

        @hookimpl
        async def on_audio(self, frame: Any) -> None:
            bench.seen.append(frame.position)
            await asyncio.sleep(1)

        @hookimpl
        def on_close(self) -> None:
            bench.seen.append(bench.dispatch.statistics_of("recorder"))

    dispatch = bench.accepted(recorder=Recorder)
    for position in range(0, 800, 80):
        dispatch.audio(bench.frame(position))
    assert bench.lost == ["recorder"]
    await bench.finish()
    assert bench.seen == [0, 80, CallStatistics("recorder", in_lane=True, refused=640, failed=True)]
    assert bench.metrics.value("audiohook.lane.failures", plugin="recorder") == 1
    assert bench.manager.records[0].status == "active"


async def test_lanes_of_all_calls_share_the_bytes(bench: Any) -> None:
    bench.limits.lane_bytes = 400

    class Slow:
        @hookimpl
        async def on_audio(self, frame: Any) -> None:
            await asyncio.sleep(1)

    first = bench.accepted(a=Slow, b=Slow)
    second = bench.accepted()
    for dispatch in (first, second):
        dispatch.audio(bench.frame(0))
        dispatch.audio(bench.frame(80))
    assert bench.manager.budget.used == 640  # one frame in each of four lanes, whatever the budget
    assert bench.metrics.value("audiohook.lane.bytes") == 640
    await second.end(bench.summary(), timeout=60)
    await first.end(bench.summary(), timeout=60)
    assert bench.manager.budget.used == 0
