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
