"""Events between plugins: who gets them, in which order, and for how long."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from audiohook_fw.plugin import (
    MAX_HOPS,
    Event,
    PluginInfo,
    SessionHandler,
    Transcript,
    hookimpl,
)
from audiohook_fw.plugin.emitting import MAX_WAITING, TURN


class Score(Event, event_type="test.score"):
    value: int = 0


def said(text: str = "secret words", *, final: bool = True) -> Transcript:
    return Transcript(channel="external", text=text, start=0, length=1, is_final=final)


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


@pytest.mark.parametrize("hook", ["on_opened", "on_pause"])
async def test_what_is_emitted_in_a_hook_comes_after_all_were_told_of_it(bench: Any, hook: str) -> None:
    def tells(session: Any) -> None:
        bench.seen.append((session.name, hook))
        if session.name.startswith("emitter"):
            session.emit(Score())

    class Plain:
        @hookimpl
        def on_event(self, session: Any, event: Score) -> None:
            bench.seen.append((session.name, "on_event"))

    setattr(Plain, hook, hookimpl(lambda self, session: tells(session)))
    dispatch = bench.accepted(emitter=Plain(), other=Plain(), emitter_2=Plain())
    dispatch.control(hook, *(("client", 0) if hook == "on_pause" else ()))
    told = [("emitter", hook), ("other", hook), ("emitter_2", hook)]
    assert bench.seen[:3] == told
    assert bench.seen[3:] == [
        ("other", "on_event"),
        ("emitter_2", "on_event"),
        ("emitter", "on_event"),
        ("other", "on_event"),
    ]


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


class Fussy(Event, event_type="test.fussy"):
    def is_interim(self) -> bool:
        raise RuntimeError


async def test_a_filter_that_emits_is_cut_off(bench: Any) -> None:
    class Filter:
        @hookimpl
        def filter_event(self, session: Any, event: Event) -> Event:
            session.emit(Score())
            return event

    dispatch = bench.accepted(filter=Filter)
    assert dispatch.emit(Score(), "other")
    assert len(bench.emitted) == MAX_HOPS
    assert bench.metrics.value("audiohook.events.refused", plugin="filter") == 1
    assert bench.metrics.value("audiohook.hook.faults", plugin="filter", hook="on_event") == 1
    await bench.finish()


def answers(times: int) -> object:
    class Plugin:
        @hookimpl
        def on_event(self, session: Any) -> None:
            for _ in range(times):
                session.emit(Score())

    return Plugin


async def test_a_storm_leaves_the_loop_its_turns_and_ends_in_quarantine(bench: Any) -> None:
    dispatch = bench.accepted(ping=answers(8), pong=answers(8))
    dispatch.emit(Score(), "ping")
    assert len(bench.emitted) == TURN
    before = 0
    while len(bench.emitted) != before:
        assert len(bench.emitted) - before <= TURN
        before = len(bench.emitted)
        await asyncio.sleep(0)
    assert before < 10 * MAX_WAITING  # not the eight to the power of eight of the bound on hops
    assert bench.lost == ["pong", "ping"] or bench.lost == ["ping", "pong"]
    assert bench.metrics.value("audiohook.events.refused", plugin="pong") > 10
    assert bench.metrics.value("audiohook.hook.faults", plugin="pong", hook="on_event") == 10
    await bench.finish()


async def test_too_many_events_of_one_hook_are_one_fault(bench: Any) -> None:
    class Once:
        @hookimpl
        def on_event(self, session: Any, event: Event) -> None:
            if isinstance(event, Transcript):
                bench.seen += [session.emit(Score(value=value)) for value in range(MAX_WAITING + 5)]

    dispatch = bench.accepted(once=Once)
    dispatch.emit(said(), "other")
    assert bench.seen == [True] * MAX_WAITING + [False] * 5
    assert bench.metrics.value("audiohook.events.refused", plugin="once") == 5
    assert dispatch.statistics_of("once").faults == 1
    await bench.finish()
    assert [event.value for event, _ in bench.emitted[1:]] == list(range(MAX_WAITING))


@pytest.mark.parametrize("colour", ["inline", "lane"])
async def test_whose_event_raises_is_at_fault_not_who_emitted_first(bench: Any, colour: str) -> None:
    class Good:
        @hookimpl
        def on_audio(self, session: Any) -> None:
            session.emit(Score())

    class Bad:
        @hookimpl
        def on_event(self, session: Any) -> None:
            session.emit(Fussy())

    class Inline:
        @hookimpl
        def on_event(self, event: Event) -> None:
            bench.seen.append(event.event_type)

    class Lane(Inline):
        @hookimpl
        async def on_opened(self) -> None: ...

    dispatch = bench.accepted(good=Good, bad=Bad, ear=Lane if colour == "lane" else Inline)
    dispatch.audio(bench.frame())
    dispatch.audio(bench.frame())
    await bench.finish()
    assert bench.seen == ["test.score", "test.score"]
    assert dispatch.statistics_of("good").faults == 0
    assert dispatch.statistics_of("bad").faults == 2


async def test_a_plugin_that_floods_takes_no_room_from_another(bench: Any) -> None:
    class Flood:
        @hookimpl
        def on_event(self, session: Any, event: Event) -> None:
            if isinstance(event, Transcript):
                for value in range(2 * MAX_WAITING):
                    session.emit(Score(value=value))

    class Good:
        @hookimpl
        def on_event(self, session: Any, event: Event) -> None:
            if isinstance(event, Transcript):
                bench.seen.append(session.emit(Score(value=-1)))

    dispatch = bench.accepted(flood=Flood, good=Good)
    for _ in range(12):
        dispatch.emit(said(), "other")
    await bench.finish()
    assert bench.seen == [True] * 12
    assert bench.metrics.value("audiohook.events.refused", plugin="flood") > MAX_WAITING
    assert bench.metrics.value("audiohook.events.refused", plugin="good") == 0
    assert not dispatch.statistics_of("good").quarantined
