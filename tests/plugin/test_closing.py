"""The end of a call: order, deadlines, `on_end` once, and nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from audiohook_fw.plugin import CloseReason, Event, PluginInfo, hookimpl


class Speech(Event, event_type="test.speech"):
    pass


class Words(Event, event_type="test.words"):
    text: str = ""


class Clean(Event, event_type="test.clean"):
    text: str = ""


def now() -> float:
    return asyncio.get_running_loop().time()


def part(
    bench: Any,
    *,
    consumes: Iterable[Any] = (),
    emits: Iterable[Any] = (),
    seconds: float = 0.0,
    at_close: Event | None = None,
    inline: bool = False,
) -> object:
    """Make a plugin that notes its hooks with the time, and emits when it closes."""
    described = PluginInfo(consumes=tuple(consumes), emits=tuple(emits))

    class Inline:
        info = described

        @hookimpl
        def on_event(self, session: Any, event: Event) -> None:
            bench.seen.append((session.name, event.event_type))

        @hookimpl
        def on_close(self, session: Any) -> None:
            bench.seen.append((session.name, "close"))
            if at_close is not None:
                session.emit(at_close)

        @hookimpl
        def on_end(self, session: Any) -> None:
            bench.seen.append((session.name, "end"))

    class Lane(Inline):
        @hookimpl
        async def on_close(self, session: Any) -> None:  # type: ignore[override]
            bench.seen.append((session.name, "close"))
            await asyncio.sleep(seconds)
            if at_close is not None:
                session.emit(at_close)

    return Inline if inline else Lane


async def test_emitters_close_before_consumers_which_get_their_last_events_first(bench: Any) -> None:
    dispatch = bench.accepted(
        store=part(bench, consumes=(Clean,)),
        redact=part(bench, consumes=(Words,), emits=(Clean,), seconds=1, at_close=Clean()),
        asr=part(bench, consumes=(Speech,), emits=(Words,), seconds=2, at_close=Words()),
        vad=part(bench, emits=(Speech,), seconds=1, at_close=Speech(), inline=True),
    )
    assert await dispatch.close(CloseReason.END, timeout=6) == ()
    assert [(name, hook) for name, hook in bench.seen if (name, hook[:4]) != ("vad", "test")] == [
        ("vad", "close"),
        ("asr", "test.speech"), ("asr", "close"),
        ("redact", "test.words"), ("redact", "close"),
        ("store", "test.clean"), ("store", "close"),
    ]  # fmt: skip
    assert now() == 3
    bench.seen.clear()
    assert await dispatch.end(bench.summary(), timeout=60) == ()
    assert sorted(bench.seen) == [("asr", "end"), ("redact", "end"), ("store", "end"), ("vad", "end")]
    assert bench.lanes == []


@pytest.mark.parametrize("inline", [True, False])
async def test_many_last_events_reach_their_consumers_before_these_close(bench: Any, inline: bool) -> None:
    class Chatty:
        info = PluginInfo(emits=(Speech,))

        @hookimpl
        def on_close(self, session: Any) -> None:
            session.emit(Clean())

    class Between:
        info = PluginInfo(consumes=(Clean,), emits=(Speech,))

        @hookimpl
        def on_event(self, session: Any) -> None:
            for _ in range(500):
                session.emit(Speech())

    dispatch = bench.accepted(
        store=part(bench, consumes=(Speech,), inline=inline), between=Between, chatty=Chatty
    )
    assert await dispatch.close(CloseReason.END, timeout=6) == ()
    assert bench.seen == [("store", "test.speech")] * 500 + [("store", "close")]
    await bench.finish()


async def test_what_a_filter_emits_of_last_events_comes_before_the_end_of_who_consumes_it(bench: Any) -> None:
    class Redact:
        info = PluginInfo(emits=(Clean,))

        @hookimpl
        def filter_event(self, session: Any, event: Event) -> Event:
            if isinstance(event, Words):
                session.emit(Clean())
            return event

    dispatch = bench.accepted(
        store=part(bench, consumes=(Clean,), inline=True),
        redact=Redact,
        asr=part(bench, consumes=(Speech,), emits=(Words,), seconds=10, at_close=Words()),
    )
    assert await dispatch.close(CloseReason.END, timeout=6) == ("asr",)
    await dispatch.end(bench.summary(), timeout=60)
    assert bench.seen == [
        ("asr", "close"),
        ("store", "close"),
        ("store", "test.clean"),
        ("store", "end"),
        ("asr", "end"),
    ]


async def test_on_close_waits_for_the_queued_audio(bench: Any) -> None:
    class Slow:
        @hookimpl
        async def on_audio(self, frame: Any) -> None:
            await asyncio.sleep(1)
            bench.seen.append(frame.position)

        @hookimpl
        def on_close(self, reason: CloseReason) -> None:
            bench.seen.append(reason)

    dispatch = bench.accepted(slow=Slow)
    dispatch.audio(bench.frame(0))
    dispatch.audio(bench.frame(80))
    await dispatch.close(CloseReason.DISCONNECT, timeout=6)
    assert bench.seen == [0, 80, CloseReason.DISCONNECT]
    await bench.finish()
    assert bench.seen[2:] == [CloseReason.DISCONNECT]  # closing again told nobody again


async def test_events_flow_until_everybody_closed_and_is_quiet(bench: Any) -> None:
    class Chatty:
        info = PluginInfo(emits=(Speech,))

        @hookimpl
        async def on_close(self, session: Any) -> None:
            await asyncio.sleep(1)
            session.emit(Speech())

    class Unordered:
        info = PluginInfo(consumes=("test.words",))

        @hookimpl
        async def on_event(self, event: Event) -> None:
            await asyncio.sleep(1)
            bench.seen.append(event.event_type)

        @hookimpl
        def on_close(self) -> None:
            bench.seen.append("closed")

    class Answering:
        info = PluginInfo(consumes=(Speech,), emits=())  # emits words without saying so

        @hookimpl
        async def on_event(self, session: Any) -> None:
            await asyncio.sleep(1)
            session.emit(Words())

    dispatch = bench.accepted(late=Unordered, chatty=Chatty, answering=Answering)
    assert await dispatch.close(CloseReason.END, timeout=6) == ()
    assert bench.seen == ["closed", "test.words"]
    assert now() == 3
    await bench.finish()


async def test_deadline_names_the_late_who_run_on(bench: Any) -> None:
    dispatch = bench.accepted(
        slow=part(bench, emits=(Words,), seconds=20, at_close=Words()),
        store=part(bench, consumes=(Words,)),
        other=part(bench, consumes=(Speech,)),
    )
    assert await dispatch.close(CloseReason.END, timeout=6) == ("slow", "store")
    assert now() == 6
    assert bench.seen == [("slow", "close"), ("other", "close")]
    assert bench.metrics.value("audiohook.hook.timeouts", plugin="slow", hook="on_close") == 1
    await dispatch.end(bench.summary(), timeout=54)
    assert now() == 20
    # The store was told at the deadline that it is over: there the order ended, but nothing was lost.
    assert bench.seen[2:] == [
        ("store", "close"), ("other", "end"), ("store", "test.words"), ("slow", "end"), ("store", "end"),
    ]  # fmt: skip


async def test_a_hanging_plugin_costs_the_others_half_of_the_end_at_most(bench: Any) -> None:
    dispatch = bench.accepted(
        hangs=part(bench, emits=(Words,), seconds=3600),
        store=part(bench, consumes=(Words,)),
    )
    await dispatch.close(CloseReason.END, timeout=6)
    ending = asyncio.create_task(dispatch.end(bench.summary(), timeout=60))
    await asyncio.sleep(31)
    assert ("store", "end") in bench.seen
    assert await ending == ("hangs",)
    assert now() == 66
    assert bench.seen[-1] == ("hangs", "end")  # after its on_close was cancelled
    assert bench.lanes == []
    assert bench.manager.hold.count == 0


async def test_whoever_swallows_cancellation_is_left_alone(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Swallows:
        @hookimpl
        async def on_close(self) -> None:
            for _ in range(3):
                try:
                    await asyncio.sleep(100)
                except asyncio.CancelledError:
                    bench.seen.append("swallowed")

        @hookimpl
        async def on_end(self) -> None:
            bench.seen.append("end")

    dispatch = bench.accepted(bad=Swallows, good=part(bench))
    assert await bench.finish(close=6, end=60) == ("bad",)
    assert now() == 67  # 6 for on_close, 60 to the end, 1 of grace
    assert bench.seen == [("good", "close"), ("good", "end"), "swallowed"]
    assert len(bench.manager.hold) == bench.manager.hold.count == 1
    assert "is left alone" in caplog.text
    assert await dispatch.end(bench.summary(), timeout=5) == ("bad",)
    await asyncio.sleep(300)
    assert bench.seen.count("end") == 1  # when it returned at last, it still got its on_end, once
    assert len(bench.manager.hold) == 0
    assert bench.lanes == []


async def test_on_end_that_hangs_is_cancelled(bench: Any) -> None:
    class Uploads:
        @hookimpl
        async def on_end(self) -> None:
            await asyncio.sleep(3600)

    dispatch = bench.accepted(uploads=Uploads)
    assert await dispatch.end(bench.summary(), timeout=60) == ("uploads",)
    assert now() == 60
    assert bench.lanes == []
    assert bench.metrics.value("audiohook.hook.timeouts", plugin="uploads", hook="on_end") == 1


async def test_end_alone_closes_first(bench: Any) -> None:
    dispatch = bench.accepted(
        store=part(bench, consumes=(Words,)),
        asr=part(bench, emits=(Words,), seconds=1, at_close=Words()),
        meter=part(bench, inline=True),
    )
    await dispatch.end(bench.summary(), timeout=60)
    await dispatch.end(bench.summary(), timeout=60)
    assert sorted(bench.seen) == [
        ("asr", "close"), ("asr", "end"),
        ("meter", "close"), ("meter", "end"), ("meter", "test.words"),
        ("store", "close"), ("store", "end"), ("store", "test.words"),
    ]  # fmt: skip
    assert bench.seen.index(("store", "test.words")) < bench.seen.index(("store", "close"))


async def test_closing_may_be_cancelled_and_the_end_makes_up_for_it(bench: Any) -> None:
    dispatch = bench.accepted(
        asr=part(bench, emits=(Words,), seconds=2, at_close=Words()), store=part(bench, consumes=(Words,))
    )
    closing = asyncio.create_task(dispatch.close(CloseReason.LOST, timeout=6))
    await asyncio.sleep(1)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await dispatch.end(bench.summary(), timeout=60)
    assert [hook for name, hook in bench.seen if name == "store"] == ["test.words", "close", "end"]
    assert bench.lanes == []


async def test_faults_at_the_end_stop_nobody(bench: Any) -> None:
    class Bad:
        @hookimpl
        def on_close(self) -> None:
            raise ValueError

        @hookimpl
        def on_end(self) -> None:
            raise SystemExit

    class BadLane(Bad):
        @hookimpl
        async def on_opened(self) -> None: ...

    dispatch = bench.accepted(a=Bad, b=BadLane, c=part(bench))
    assert await bench.finish() == ()
    assert bench.seen == [("c", "close"), ("c", "end")]
    assert [s.faults for s in dispatch.statistics()] == [2, 2, 0]


async def test_closing_a_call_that_was_never_accepted_does_nothing(bench: Any) -> None:
    dispatch = bench.call(a=part(bench))
    assert await dispatch.close(CloseReason.LOST, timeout=6) == ()
    assert await dispatch.end(bench.summary(), timeout=60) == ()
    assert bench.seen == []
