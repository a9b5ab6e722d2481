"""The reader: WebSocket pings, floods of them, sockets that break, and plugins that cancel the core."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import aiohttp

from audiohook_fw.plugin import CloseReason, SessionHandler, SessionSummary, hookimpl
from audiohook_fw.session import Session


class Ended:
    """Counts the ends of calls."""

    def __init__(self) -> None:
        self.summaries: list[SessionSummary] = []

    @hookimpl
    def on_end(self, session: Session, summary: SessionSummary) -> None:
        self.summaries.append(summary)


async def test_websocket_pings_are_answered(house: Any) -> None:
    await house.start()
    caller = await house.opened()
    await caller.socket.ping(b"are you there")
    await caller.ping()
    await caller.socket.pong(b"unasked")
    assert (await caller.close())["type"] == "closed"


async def test_a_flood_of_websocket_pings_ends_its_own_call_only(house: Any) -> None:
    ended = Ended()
    await house.start(ended=ended)
    good, bad = await house.opened(), await house.opened()
    try:
        for _ in range(5_000):
            await bad.socket.ping(b"")
    except (ConnectionError, aiohttp.ClientError):
        pass
    await good.ping()
    await bad.wait(lambda: len(ended.summaries) == 1)
    assert ended.summaries[0].reason is CloseReason.LOST
    assert (await good.close())["type"] == "closed"
    assert house.failures == []


async def test_pings_before_a_broken_connection_raise_nothing(house: Any, records: Any) -> None:
    ended = Ended()
    await house.start(ended=ended)
    callers = [await house.opened() for _ in range(5)]
    for caller in callers:
        for _ in range(20):
            await caller.socket.ping(b"")
        caller.cut()
    await house.idle()
    assert len(ended.summaries) == 5
    assert house.failures == []
    assert [record for record in records if record.levelno >= logging.ERROR] == []


async def test_a_plugin_that_cancels_the_end_does_not_take_it_from_others(house: Any) -> None:
    class Canceller:
        @hookimpl
        def create_handler(self, session: Session) -> SessionHandler:
            return CancellingHandler()

    class CancellingHandler(SessionHandler):
        def on_close(self, reason: CloseReason) -> None:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()

    class Waiting(SessionHandler):
        async def on_close(self, reason: CloseReason) -> None:
            await asyncio.sleep(0.5)

    class Waiter:
        @hookimpl
        def create_handler(self, session: Session) -> SessionHandler:
            return Waiting()

    ended = Ended()
    await house.start(canceller=Canceller(), waiter=Waiter(), ended=ended)
    caller = await house.opened()
    began = asyncio.get_running_loop().time()
    assert (await caller.close())["type"] == "closed"
    assert asyncio.get_running_loop().time() - began < 5
    await house.idle()
    assert [summary.reason for summary in ended.summaries] == [CloseReason.END]


async def test_offers_that_are_not_understood_are_skipped_and_told_once(house: Any, records: Any) -> None:
    await house.start()
    caller = await house.call()
    offers = [{"type": "audio", "format": "OPUS"}, caller.offer("external"), "nonsense"]
    opened = await caller.open(media=offers)
    assert opened["parameters"]["media"] == [caller.offer("external")]
    told = [record.getMessage() for record in records if "media offers" in record.getMessage()]
    assert told == ["2 media offers are not understood, and skipped"]
    assert (await caller.close())["type"] == "closed"
