"""From `close`, or the end of the connection, to the last hook, which comes exactly once."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextlib import suppress
from typing import Any

import pytest

from audiohook_fw.plugin import (
    Transcript,
    hookimpl,
)
from audiohook_fw.protocol import Close, Error
from audiohook_fw.server.outbox import LAST_MESSAGES


async def test_close_while_plugins_decide_is_answered_at_once(
    house: Any, make_ear: Any, make_policy: Any, now: Any
) -> None:
    ear, policy = make_ear(), make_policy(seconds=1.9)
    await house.start(policy=policy, ear=ear)
    caller = await house.call()
    await caller.say(caller.message())
    await asyncio.sleep(0.1)
    begun = now()
    await caller.close()
    assert now() - begun < 0.1
    await house.idle()
    await asyncio.sleep(5)
    assert caller.types == ["closed"]
    assert (ear.log, ear.decided, policy.finished) == ([], [], False)
    assert house.value("sessions", outcome="lost") == 1


async def test_closed_does_not_wait_for_a_slow_plugin_but_its_work_goes_on(
    house: Any, make_ear: Any, lived: Any, now: Any
) -> None:
    slow, quick = make_ear(lane=True, closing=20.0, ending=5.0), make_ear()
    await house.start(slow=slow, quick=quick)
    caller = await house.opened()
    await caller.hear(b"\x10" * 1_600)
    begun = now()
    await caller.close()
    assert now() - begun == pytest.approx(6.0, abs=0.1)
    assert slow.log == ["opened", "close end"]
    await house.idle()
    assert now() - begun == pytest.approx(25.0, abs=0.5)
    assert slow.log == quick.log == lived("end")
    assert caller.faults == []
    assert house.value("protocol.errors", code="408") == 0


async def test_results_of_on_close_arrive_before_closed(house: Any) -> None:
    class Asr:
        @hookimpl
        async def on_close(self, session: Any) -> None:
            await asyncio.sleep(1)
            for number in range(3):
                session.emit(Transcript(channel="external", text=f"last words {number}", start=0, length=80))

    await house.start(asr=Asr())
    caller = await house.opened(product="transcription")
    await caller.close()
    assert caller.types == ["opened", "event", "event", "event", "closed"]
    assert caller.faults == []


async def test_closed_does_not_wait_for_results_beyond_their_deadline(house: Any, now: Any) -> None:
    class Flood:
        @hookimpl
        def on_close(self, session: Any) -> None:
            for number in range(200):
                text = f"{number} " + "x" * 20_000
                session.emit(Transcript(channel="external", text=text, start=0, length=80))

    await house.start(flood=Flood())
    caller = await house.opened(product="transcription")
    begun = now()
    await caller.close()
    assert now() - begun == pytest.approx(1.0, abs=0.1)
    await house.idle()
    assert set(caller.faults) == {"rate limit exceeded"}  # what is lost otherwise is worth that
    assert len(caller.faults) <= LAST_MESSAGES
    assert caller.count("event") <= 25 + 5 + LAST_MESSAGES
    sent = sum(len(message["parameters"]["entities"]) for message in caller.all("event"))
    assert house.value("outbox.dropped", reason="closed") == 200 - sent > 100


async def test_the_timer_answers_close_even_when_the_hooks_deadlines_are_wrong(
    house: Any, make_ear: Any, lived: Any, now: Any
) -> None:
    house.limit(hook_deadline=9.5, closed_deadline=8.0)
    await house.start(slow=(ear := make_ear(lane=True, closing=9.4)))
    caller = await house.opened()
    begun = now()
    await caller.close()
    assert now() - begun == pytest.approx(8.0, abs=0.1)
    await house.idle()
    assert ear.log == lived("end")
    assert caller.types.count("closed") == 1


async def test_a_complaint_after_close_reaches_nobody(house: Any) -> None:
    told: list[Any] = []

    class Slow:
        @hookimpl
        async def on_close(self) -> None:
            await asyncio.sleep(2)

        @hookimpl
        async def on_client_error(self, error: Any) -> None:
            told.append(error)

    await house.start(slow=Slow())
    caller = await house.opened()
    await caller.say(Close(reason="end"))
    await asyncio.sleep(1)
    await caller.say(Error(code=500, message="late"))
    await caller.until("closed")
    await caller.hang_up()
    await house.idle()
    assert told == []


async def test_an_abrupt_end_runs_the_whole_path_at_once(
    house: Any, make_ear: Any, lived: Any, now: Any
) -> None:
    class Asr:
        @hookimpl
        def on_close(self, session: Any) -> None:
            for _ in range(3):
                session.emit(Transcript(channel="external", text="nobody hears", start=0, length=80))

    inline, lane = make_ear(), make_ear(lane=True)
    await house.start(inline=inline, lane=lane, asr=Asr())
    caller = await house.opened(product="transcription")
    begun = now()
    caller.cut()
    await house.idle()
    assert now() - begun < 0.5
    assert inline.log == lane.log == lived("lost")
    assert house.value("sessions.ended", reason="lost") == 1
    assert house.value("outbox.dropped", reason="closed") == 3


async def test_the_end_of_a_lost_call_may_take_its_time_and_is_no_fault_of_the_client(
    house: Any, make_ear: Any, lived: Any, now: Any
) -> None:
    ear = make_ear(lane=True, ending=40.0)
    await house.start(ear=ear)
    caller = await house.opened()
    caller.cut()
    begun = now()
    await house.idle()
    assert now() - begun == pytest.approx(40, abs=1)
    assert ear.log == lived("lost")
    assert house.value("protocol.errors", code="408") == 0


async def test_a_call_whose_task_is_cancelled_ends_as_it_should(
    house: Any, make_ear: Any, lived: Any
) -> None:
    ear = make_ear(lane=True, closing=2.0, ending=2.0)
    await house.start(ear=ear)
    caller = await house.opened()
    [run] = [t for t in asyncio.all_tasks() if getattr(t.get_coro(), "__qualname__", "").endswith("start")]
    for _ in range(3):
        run.cancel()
        await asyncio.sleep(0.5)
    await caller.reader
    await house.idle()
    assert ear.log == lived("lost")


async def test_the_server_ends_a_connection_with_a_plugins_disconnect(
    house: Any, make_ear: Any, lived: Any
) -> None:
    ear = make_ear()
    ear.on_opened = lambda session: session.disconnect("completed", "done", {"result": "42"})
    await house.start(ear=ear)
    caller = await house.opened(product="connector")
    await caller.until("closed")
    await caller.hang_up()
    await house.idle()
    assert caller.all("disconnect")[0]["parameters"] == {
        "reason": "completed",
        "info": "done",
        "outputVariables": {"result": "42"},
    }
    assert ear.log == lived("disconnect")


async def test_a_call_that_has_ended_is_freed(house: Any, make_ear: Any) -> None:
    await house.start(inline=make_ear(), lane=make_ear(lane=True))
    house.services.plugins.plugins[0].target.session = None
    for end in ("close", "cut", "disconnect"):
        caller = await house.opened()
        await caller.hear(b"\x10" * 1_600)
        await caller.ping()
        await _end(end, caller, house.connections[-1], house)
        with suppress(AssertionError):
            await caller.until("closed")
        await caller.socket.close()
        await caller.reader
    await house.idle()
    for plugin in house.services.plugins.plugins:
        plugin.target.session = None
    left = [weakref.ref(connection) for connection in house.connections]
    left += [weakref.ref(connection.call) for connection in house.connections]
    house.connections.clear()
    for _ in range(3):
        await asyncio.sleep(1)
        gc.collect()
    assert [ref() for ref in left if ref() is not None] == []


_ENDS = [
    "close",
    "cut",
    "hang up",
    "abort",
    "cancel",
    "disconnect",
    "newer",
    "silence",
    "close and cut",
    "violate",
]


@pytest.mark.parametrize("first", _ENDS)
@pytest.mark.parametrize("second", ["", "close", "cut", "abort", "cancel"])
async def test_on_end_comes_exactly_once_however_a_call_ends(
    first: str, second: str, house: Any, make_ear: Any
) -> None:
    inline, lane = make_ear(), make_ear(lane=True, closing=1.0, ending=1.0)
    await house.start(inline=inline, lane=lane)
    caller = await house.opened()
    connection = house.connections[0]
    for how in (first, second):
        with suppress(Exception):  # the second end comes when there may be nothing left to end
            await _end(how, caller, connection, house)
        await asyncio.sleep(0.3)
    with suppress(ConnectionError):
        await caller.socket.close()
    for other in house.callers[1:]:
        with suppress(ConnectionError):
            await other.close()
    await house.idle()
    calls = 1 + len(house.callers[1:])
    for ear in (inline, lane):
        assert [line.split()[0] for line in ear.log].count("end") == calls
        assert [line.split()[0] for line in ear.log].count("close") == calls
    assert (
        sum(house.value("sessions.ended", reason=r) for r in ("end", "error", "disconnect", "lost")) == calls
    )
    assert house.services.registry.calls == 0


async def _end(how: str, caller: Any, connection: Any, house: Any) -> None:
    match how:
        case "close":
            await caller.say(Close(reason="end"))
        case "cut":
            caller.cut()
        case "hang up":
            await caller.socket.close()
        case "abort":
            await connection.abort()
        case "cancel":
            for task in asyncio.all_tasks():
                if getattr(task.get_coro(), "__qualname__", "").endswith("RequestHandler.start"):
                    task.cancel()
        case "disconnect":
            connection.disconnect()
        case "newer":
            await house.opened(session_id=caller.session_id)
        case "silence":
            await asyncio.sleep(31)
        case "close and cut":
            await caller.say(Close(reason="end"))
            caller.cut()
        case "violate":
            await caller.socket.send_str("nonsense")
