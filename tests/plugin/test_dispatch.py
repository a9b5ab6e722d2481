"""One call's plugins: order, colour, arguments, faults, quarantine, events."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from typing import Any

import pytest

from audiohook_fw.errors import PluginError
from audiohook_fw.plugin import (
    MAX_HOPS,
    Accept,
    AudioWish,
    CallStatistics,
    CloseReason,
    Event,
    OnFailure,
    Overflow,
    PluginInfo,
    Reject,
    SessionHandler,
    Transcript,
    hookimpl,
)
from audiohook_fw.protocol import MediaFormat


class Score(Event, event_type="test.score"):
    value: int = 0


def said(text: str = "secret words", *, final: bool = True) -> Transcript:
    return Transcript(channel="external", text=text, start=0, length=1, is_final=final)


# order, arguments, colour -------------------------------------------------------------------------


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


# faults -------------------------------------------------------------------------------------------


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
    assert text.endswith("in on_event (session s-1)")
    assert "secret" not in caplog.text
    await bench.finish()


# overflow -----------------------------------------------------------------------------------------


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


# events -------------------------------------------------------------------------------------------


async def test_events_reach_all_consumers_but_the_emitter(bench: Any) -> None:
    class Listener:
        @hookimpl
        def on_event(self, session: Any, event: Event) -> None:
            bench.seen.append((session.name, event.event_type))

    class Picky(Listener):
        info = PluginInfo(consumes=(Transcript,))

    class PickyLane(Picky):
        @hookimpl
        async def on_opened(self) -> None: ...

    dispatch = bench.accepted(all=Listener, picky=Picky, lane=PickyLane)
    dispatch.emit(Score(), "picky")
    dispatch.emit(said(), "all")
    await bench.finish()
    assert bench.seen == [("all", "test.score"), ("picky", "transcript"), ("lane", "transcript")]
    assert [emitter for _, emitter in bench.emitted] == ["picky", "all"]


async def test_emits_are_queued_never_nested(bench: Any) -> None:
    class First:
        @hookimpl
        def on_event(self, session: Any, event: Score) -> None:
            bench.seen.append(("first begin", event.value))
            if event.value < 2:
                session.emit(Score(value=event.value + 1))
            bench.seen.append(("first end", event.value))

    class Second:
        @hookimpl
        def on_event(self, event: Score) -> None:
            bench.seen.append(("second", event.value))

    dispatch = bench.accepted(first=First, second=Second)
    dispatch.emit(Score(), "other")
    assert bench.seen == [
        ("first begin", 0), ("first end", 0), ("second", 0), ("second", 1),
    ]  # fmt: skip
    await bench.finish()


@pytest.mark.parametrize("colour", ["inline", "lane"])
async def test_plugins_that_answer_each_other_are_cut_off(bench: Any, colour: str) -> None:
    class Handler(SessionHandler):
        def __init__(self, session: Any) -> None:
            self.session = session

        def on_event(self, event: Score) -> None:  # type: ignore[override]
            bench.seen.append((self.session.name, event.value))
            self.session.emit(Score(value=event.value + 1))

    class LaneHandler(Handler):
        async def on_opened(self) -> None: ...

    class Plugin:
        @hookimpl
        def create_handler(self, session: Any) -> Any:
            return LaneHandler(session) if colour == "lane" else Handler(session)

    dispatch = bench.accepted(ping=Plugin, pong=Plugin)
    assert dispatch.emit(Score(), "ping")
    await asyncio.sleep(1)
    assert [value for _, value in bench.seen] == list(range(MAX_HOPS))
    assert bench.metrics.value("audiohook.hook.faults", plugin="ping", hook="on_event") == 1
    bench.seen.clear()
    dispatch.emit(Score(), "ping")  # a new chain begins anew
    await asyncio.sleep(1)
    assert len(bench.seen) == MAX_HOPS
    await bench.finish()


async def test_event_returns_what_passed_the_filters(bench: Any) -> None:
    class Filter:
        @hookimpl
        def filter_event(self, event: Any) -> Any:
            return Score(value=event.value + 1) if event.value < 5 else None

    dispatch = bench.accepted(redact=Filter)
    assert dispatch.event(Score(value=1), "other") == Score(value=2)
    assert dispatch.event(Score(value=5), "other") is None
    assert bench.emitted == [(Score(value=2), "other")]
    await bench.finish()


# decisions ----------------------------------------------------------------------------------------


async def test_decide_asks_each_with_its_view(bench: Any) -> None:
    class Sync:
        @hookimpl
        def on_open(self, session: Any) -> Accept:
            return Accept(tags={session.name: "1"})

    class Colored:
        @hookimpl
        async def on_open(self, session: Any) -> Accept:
            await asyncio.sleep(1)
            return Accept(tags={session.name: "2"})

    class Broken:
        @hookimpl
        def on_open(self) -> None:
            raise ValueError

    class Late:
        @hookimpl
        async def on_open(self) -> None:
            await asyncio.sleep(60)

    dispatch = bench.call(a=Colored, b=Sync, c=Broken, d=Late)
    verdict = await dispatch.decide(2.0)
    assert verdict.decision == Accept(tags={"a": "2", "b": "1"})
    assert [failure.plugin for failure in verdict.failures] == ["c", "d"]
    assert bench.metrics.value("audiohook.hook.faults", plugin="c", hook="on_open") == 1
    assert bench.metrics.value("audiohook.hook.timeouts", plugin="d", hook="on_open") == 1
    assert bench.manager.hold.count == 1


async def test_careful_plugins_reject_when_they_fail(bench: Any) -> None:
    class Policy:
        info = PluginInfo(on_failure=OnFailure.REJECT)

        @hookimpl
        async def on_open(self) -> None:
            await asyncio.sleep(60)

    verdict = await bench.call(policy=Policy).decide(2.0)
    assert (verdict.decision, verdict.by) == (Reject(reason="error"), "policy")
    assert bench.dispatch.info_of("policy").on_failure is OnFailure.REJECT


async def test_media_are_chosen_by_the_first_opinion_else_by_wishes(bench: Any) -> None:
    stereo = MediaFormat("PCMU", ("external", "internal"), 8000)
    customer = MediaFormat("PCMU", ("external",), 8000)

    class Wishes:
        info = PluginInfo(audio=AudioWish(channels=("external",)))

        @hookimpl
        def select_media(self, offers: Any) -> Any:
            return bench.seen.pop(0)()

    def fail() -> Any:
        raise ValueError

    dispatch = bench.call(a=Wishes, b=Wishes)
    bench.seen[:] = [lambda: None, lambda: MediaFormat("PCMU", ("external",), 8000)]
    assert dispatch.select_media([stereo, customer]) is customer
    bench.seen[:] = [fail, lambda: MediaFormat("L16", ("external",), 8000)]
    assert dispatch.select_media([customer, stereo]) is stereo
    bench.seen[:] = [lambda: asyncio.sleep(1), lambda: "stereo"]
    assert dispatch.select_media([customer, stereo]) is stereo
    assert bench.metrics.value("audiohook.hook.faults", plugin="a", hook="select_media") == 2
    assert bench.metrics.value("audiohook.hook.faults", plugin="b", hook="select_media") == 2
    with pytest.raises(PluginError):
        bench.call(a=type("Empty", (), {"on_open": hookimpl(lambda self: None)})).select_media([])


# on_decided ---------------------------------------------------------------------------------------


async def test_rejected_calls_are_told_to_functions_of_both_colours(bench: Any) -> None:
    class Inline:
        @hookimpl
        def on_decided(self, session: Any, decision: Any) -> None:
            bench.seen.append((session.name, decision.info))

        @hookimpl
        def create_handler(self) -> Any:
            raise AssertionError("a rejected call has no handler")

        @hookimpl
        def on_end(self) -> None:
            raise AssertionError("a rejected call has no end")

    class Colored:
        @hookimpl
        async def on_decided(self, session: Any, decision: Any) -> None:
            await asyncio.sleep(1)
            bench.seen.append((session.name, decision.info))

    dispatch = bench.call(a=Inline, b=Colored)
    assert await dispatch.reject(Reject(info="no"), timeout=6) == ()
    assert bench.seen == [("a", "no"), ("b", "no")]
    assert bench.lanes == []


async def test_on_decided_of_a_rejected_call_has_a_deadline(bench: Any) -> None:
    class Hangs:
        @hookimpl
        async def on_decided(self) -> None:
            await asyncio.sleep(3600)

    assert await bench.call(hangs=Hangs).reject(Reject(), timeout=6) == ("hangs",)
    assert asyncio.get_running_loop().time() == 6
    assert bench.lanes == []


async def test_accepted_calls_are_told_in_the_lanes_order(bench: Any) -> None:
    class Plugin:
        @hookimpl
        async def on_decided(self, decision: Any) -> None:
            await asyncio.sleep(1)
            bench.seen.append(decision)

        @hookimpl
        def on_opened(self) -> None:
            bench.seen.append("opened")

    dispatch = bench.accepted(a=Plugin)
    dispatch.control("on_decided", Accept())
    dispatch.control("on_opened")
    await bench.finish()
    assert bench.seen == [Accept(), "opened"]
