"""Filters: in order, changing, dropping, and failing closed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from audiohook_fw.plugin import Event, hookimpl


class Text(Event, event_type="test.text"):
    text: str


def filters(change: Any) -> object:
    class Plugin:
        @hookimpl
        def filter_event(self, session: Any, event: Text) -> Any:
            return change(session, event)

    return Plugin


async def test_filters_run_in_configured_order_each_on_what_the_last_left(bench: Any) -> None:
    def add(session: Any, event: Text) -> Text:
        return Text(text=event.text + session.name)

    dispatch = bench.call(b=filters(add), a=filters(add))
    assert dispatch.event(Text(text="-"), "a") == Text(text="-ba")


async def test_a_dropped_event_reaches_no_later_filter(bench: Any) -> None:
    dispatch = bench.call(a=filters(lambda *_: None), b=filters(lambda *_: bench.seen.append("asked")))
    assert dispatch.event(Text(text="x"), "z") is None
    assert bench.seen == []
    assert bench.metrics.value("audiohook.events.filtered", plugin="a") == 1
    assert bench.metrics.value("audiohook.hook.faults", plugin="a", hook="filter_event") == 0


@pytest.mark.parametrize("answer", ["text", True, {"text": "x"}])
async def test_another_type_drops_the_event(bench: Any, answer: Any) -> None:
    assert bench.call(a=filters(lambda *_: answer)).event(Text(text="x"), "z") is None
    assert bench.metrics.value("audiohook.hook.faults", plugin="a", hook="filter_event") == 1


async def test_an_awaitable_drops_the_event_and_is_closed(bench: Any) -> None:
    assert bench.call(a=filters(lambda *_: asyncio.sleep(1))).event(Text(text="x"), "z") is None
    assert bench.metrics.value("audiohook.hook.faults", plugin="a", hook="filter_event") == 1


@pytest.mark.parametrize("error", [ValueError(), SystemExit(), asyncio.CancelledError()])
async def test_a_filter_that_raises_lets_nothing_through_in_quarantine_neither(
    bench: Any, error: BaseException
) -> None:
    def fail(*_: Any) -> None:
        raise error

    dispatch = bench.accepted(a=filters(fail))
    for _ in range(12):
        assert dispatch.event(Text(text="x"), "z") is None
    assert dispatch.statistics_of("a").quarantined
    assert bench.lost == ["a"]
    assert bench.metrics.value("audiohook.events.filtered", plugin="a") == 12


async def test_keyboard_interrupt_passes(bench: Any) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.call(a=filters(interrupt)).event(Text(text="x"), "z")
