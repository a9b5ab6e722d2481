"""What a plugin does wrong in a call, and what becomes of it: faults and quarantine."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from audiohook_fw.plugin import (
    CloseReason,
    Event,
    OnFailure,
    PluginInfo,
    Reject,
    SessionHandler,
    Transcript,
    hookimpl,
)


class Score(Event, event_type="test.scored"):
    value: int = 0


def said(text: str = "secret words", *, final: bool = True) -> Transcript:
    return Transcript(channel="external", text=text, start=0, length=1, is_final=final)


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(), asyncio.CancelledError(), GeneratorExit()])
async def test_inline_faults_hurt_nobody_else(bench: Any, error: BaseException) -> None:
    class Bad:
        @hookimpl
        def on_audio(self) -> None:
            raise error

    class Good:
        @hookimpl
        def on_audio(self, frame: Any) -> None:
            bench.seen.append(frame.position)

    dispatch = bench.accepted(a=Bad, b=Good)
    dispatch.audio(bench.frame(0))
    dispatch.audio(bench.frame(80))
    assert bench.seen == [0, 80]
    assert dispatch.statistics_of("a").faults == 2
    assert bench.metrics.value("audiohook.hook.faults", plugin="a", hook="on_audio") == 2
    await bench.finish()


async def test_keyboard_interrupt_is_the_operators(bench: Any) -> None:
    class Plugin:
        @hookimpl
        def on_audio(self) -> None:
            raise KeyboardInterrupt

        @hookimpl
        def on_pause(self) -> None:
            raise KeyboardInterrupt

    dispatch = bench.accepted(a=Plugin)
    with pytest.raises(KeyboardInterrupt):
        dispatch.audio(bench.frame())
    with pytest.raises(KeyboardInterrupt):
        dispatch.control("on_pause", "client", 0)
    assert dispatch.statistics_of("a").faults == 0


async def test_a_plain_hook_that_returns_a_coroutine_is_a_fault(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def later() -> None:
        bench.seen.append("never")

    class Plugin:
        @hookimpl
        def on_audio(self) -> Any:
            return later()

        @hookimpl
        def on_pause(self) -> Any:
            return asyncio.get_running_loop().create_future()

        @hookimpl
        def on_resume(self) -> Any:
            return "anything else is nobody's business"

    dispatch = bench.accepted(a=Plugin)
    dispatch.audio(bench.frame())
    dispatch.control("on_pause", "client", 0)
    dispatch.control("on_resume", "gap")
    assert bench.seen == []
    assert dispatch.statistics_of("a").faults == 2
    assert "make it async def" in caplog.text
    await bench.finish()


@pytest.mark.parametrize("colour", ["inline", "lane"])
async def test_ten_faults_in_a_row_are_quarantine_for_this_call(bench: Any, colour: str) -> None:
    class Handler(SessionHandler):
        def on_audio(self, frame: Any) -> None:
            bench.seen.append(frame.position)
            raise ValueError

        def on_close(self, reason: CloseReason) -> None:
            bench.seen.append(reason)

        def on_end(self) -> None:
            bench.seen.append("end")

    class LaneHandler(Handler):
        async def on_opened(self) -> None: ...

    class Bad:
        @hookimpl
        def create_handler(self) -> Any:
            return LaneHandler() if colour == "lane" else Handler()

    class Good:
        count = 0

        @hookimpl
        def on_audio(self) -> None:
            Good.count += 1

    dispatch = bench.accepted(bad=Bad, good=Good)
    for index in range(20):
        dispatch.audio(bench.frame(index))
        await asyncio.sleep(0.1)
    assert bench.seen == list(range(10))
    assert Good.count == 20
    assert bench.lost == ["bad"]
    assert dispatch.audio_takers == {"good"}
    assert dispatch.statistics_of("bad").quarantined
    assert bench.metrics.value("audiohook.quarantines", plugin="bad", scope="call") == 1
    assert bench.manager.records[0].status == "active"
    await bench.finish()
    assert bench.seen == [*range(10), CloseReason.END, "end"]


@pytest.mark.parametrize("colour", ["inline", "lane"])
async def test_faults_must_be_in_a_row(bench: Any, colour: str) -> None:
    class Handler(SessionHandler):
        def on_audio(self, frame: Any) -> None:
            if frame.position % 10:
                raise ValueError

    class LaneHandler(Handler):
        async def on_opened(self) -> None: ...

    class Bad:
        @hookimpl
        def create_handler(self) -> Any:
            return LaneHandler() if colour == "lane" else Handler()

    dispatch = bench.accepted(bad=Bad)
    for index in range(50):
        dispatch.audio(bench.frame(index))
    await bench.finish()
    assert dispatch.statistics_of("bad").faults == 45
    assert not dispatch.statistics_of("bad").quarantined


async def test_quarantine_in_several_calls_shuts_out_of_new_calls(bench: Any) -> None:
    class Bad:
        @hookimpl
        def on_open(self) -> None:
            bench.seen.append("open")

        @hookimpl
        def on_audio(self) -> None:
            bench.seen.append("audio")
            raise ValueError

    bench.load(bad=Bad)
    for _ in range(3):
        dispatch = bench.accepted()
        for index in range(10):
            dispatch.audio(bench.frame(index))
        await bench.finish()
    record = bench.manager.records[0]
    assert (record.status, len(bench.seen)) == ("quarantined", 30)
    assert "3 calls within 600 s" in record.error
    assert bench.metrics.value("audiohook.quarantines", plugin="bad", scope="process") == 1
    assert bench.metrics.value("audiohook.plugins", status="quarantined") == 1
    dispatch = bench.call()
    await dispatch.decide(2.0)
    dispatch.accept()
    dispatch.audio(bench.frame())
    assert len(bench.seen) == 30
    await bench.finish()


async def test_a_quarantined_policy_is_still_asked_and_its_filter_still_filters(bench: Any) -> None:
    class Policy:
        info = PluginInfo(on_failure=OnFailure.REJECT)

        @hookimpl
        def on_open(self) -> Any:
            return Reject(info="no")

        @hookimpl
        def filter_event(self) -> None:
            return None

        @hookimpl
        def on_audio(self) -> None:
            raise ValueError

    bench.load(policy=Policy)
    for _ in range(3):
        dispatch = bench.accepted()
        for index in range(10):
            dispatch.audio(bench.frame(index))
        await bench.finish()
    assert bench.manager.records[0].status == "quarantined"
    dispatch = bench.call()
    assert (await dispatch.decide(2.0)).decision == Reject(info="no")
    dispatch.accept()
    dispatch.emit(Score(), "other")
    assert bench.emitted == []
    await bench.finish()


async def test_a_handler_that_cannot_be_made_is_a_fault(bench: Any) -> None:
    class Raises:
        @hookimpl
        def create_handler(self) -> Any:
            raise ValueError

    class Wrong:
        @hookimpl
        def create_handler(self) -> Any:
            return "handler"

    class Odd:
        @hookimpl
        def create_handler(self) -> Any:
            class Handler(SessionHandler):
                def on_audio(self, session: Any) -> None:  # type: ignore[override]
                    ...

            return Handler()

    class Coroutine:
        @hookimpl
        def create_handler(self) -> Any:
            return asyncio.sleep(1)

    class Good:
        @hookimpl
        def on_audio(self) -> None:
            bench.seen.append("good")

    plugins = {"raises": Raises, "wrong": Wrong, "odd": Odd, "coroutine": Coroutine}
    dispatch = bench.accepted(**plugins, good=Good)
    dispatch.audio(bench.frame())
    assert bench.seen == ["good"]
    assert [dispatch.statistics_of(name).faults for name in plugins] == [1, 1, 1, 1]
    await bench.finish()


async def test_logs_name_plugin_hook_and_call_but_no_data(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Bad:
        @hookimpl
        def on_event(self, event: Transcript) -> None:
            raise KeyError(event.text)

    dispatch = bench.accepted(bad=Bad)
    with caplog.at_level(logging.DEBUG):
        for _ in range(9):
            dispatch.emit(said("secret words"), "asr")
    assert len(caplog.records) == 1  # the other eight are counted
    text = caplog.records[0].getMessage()
    assert text.startswith("plugin bad failed in on_event: KeyError at ")
    assert text.endswith("in on_event")
    assert caplog.records[0].session_id == "s-1"
    assert "secret" not in caplog.text
    await bench.finish()


async def test_lanes_tell_a_watchdog_what_runs(bench: Any) -> None:
    class Hangs:
        @hookimpl
        async def on_opened(self) -> None:
            await asyncio.sleep(60)

    class Inline:
        @hookimpl
        def on_opened(self) -> None: ...

    dispatch = bench.accepted(hangs=Hangs, inline=Inline)
    await asyncio.sleep(5)
    dispatch.control("on_opened")
    await asyncio.sleep(1)
    assert [(lane.name, lane.hook, lane.since) for lane in dispatch.lanes] == [("hangs", "on_opened", 5.0)]
    await dispatch.end(bench.summary(), timeout=1)


async def test_a_handler_that_raises_when_looked_at_is_a_fault(bench: Any) -> None:
    class Handler(SessionHandler):
        @property
        def on_audio(self) -> Any:  # type: ignore[override]
            raise ValueError

    class Plugin:
        @hookimpl
        def create_handler(self) -> Any:
            return Handler()

    dispatch = bench.accepted(odd=Plugin)
    assert dispatch.statistics_of("odd").faults == 1
    assert dispatch.audio_takers == frozenset()
    await bench.finish()


async def test_repr_tells_how_a_plugin_fares(bench: Any) -> None:
    bench.limits.faults_in_a_row = 1

    class Bad:
        @hookimpl
        def on_audio(self) -> None:
            raise ValueError

    dispatch = bench.accepted(bad=Bad)
    call = dispatch._by_name["bad"]
    assert repr(call) == "<PluginCall bad inline, 0 faults>"
    dispatch.audio(bench.frame())
    assert repr(call) == "<PluginCall bad inline, 1 faults, quarantined>"
    await bench.finish()


async def test_a_handlers_first_fault_may_be_its_last(bench: Any) -> None:
    bench.limits.faults_in_a_row = 1

    class Bad:
        @hookimpl
        def create_handler(self) -> Any:
            raise ValueError

        @hookimpl
        async def on_audio(self) -> None:
            bench.seen.append("audio")

        @hookimpl
        def on_end(self) -> None:
            bench.seen.append("end")

    dispatch = bench.accepted(bad=Bad)
    dispatch.audio(bench.frame())
    await bench.finish()
    assert bench.seen == ["end"]
