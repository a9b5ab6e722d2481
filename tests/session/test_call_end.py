"""How a call ends: exactly once, in whatever order things come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiohook_fw.plugin import (
    Accept,
    CloseReason,
    Reject,
    SpeechEnded,
)
from audiohook_fw.protocol import MediaFormat
from audiohook_fw.session import Call

STEREO = MediaFormat("PCMU", ("external", "internal"))
MONO = MediaFormat("PCMU", ("external",))
EVENT = SpeechEnded(channel="external", start=0, length=1)


async def test_slow_work_in_on_opened_loses_no_audio(bench: Any, make_witness: Any) -> None:
    slow, quick = make_witness(lane=True, slow=10.0), make_witness()
    await bench.accepted(slow=slow, quick=quick)
    for number in range(50):
        bench.hear(bytes([number]) * 3_200)
        await asyncio.sleep(0.2)
    assert len(quick.of("audio")) == 50
    await bench.call.close(CloseReason.END)
    assert [frame.payload[0] for _, frame in slow.of("audio")] == list(range(50))
    assert slow.hooks[:2] == ["decided", "opened"]


async def test_closing_waits_for_hooks_until_the_deadline_and_the_lane_goes_on(
    bench: Any, make_witness: Any
) -> None:
    late = make_witness(lane=True, slow=20.0)
    await bench.accepted(late=late)
    await asyncio.sleep(30)
    begun = asyncio.get_running_loop().time()
    await bench.call.close(CloseReason.END)
    assert asyncio.get_running_loop().time() - begun == pytest.approx(bench.limits.hook_deadline)
    assert late.of("close") == []
    await bench.call.end(CloseReason.END)
    assert late.hooks == ["decided", "opened", "close", "end"]


async def test_a_call_that_broke_off_runs_the_same_path(bench: Any, make_witness: Any) -> None:
    inline, lane = make_witness(), make_witness(lane=True)
    await bench.accepted(inline=inline, lane=lane)
    bench.hear()
    bench.protocol.receive_eof()
    summary = await bench.finish(CloseReason.LOST)
    for witness in (inline, lane):
        assert witness.hooks == ["decided", "opened", "audio", "close", "end"]
        assert witness.of("close") == [("close", CloseReason.LOST)]
    assert summary.reason is CloseReason.LOST


async def test_the_first_reason_stays(bench: Any, make_witness: Any) -> None:
    witness = make_witness()
    await bench.accepted(w=witness)
    await bench.call.close(CloseReason.DISCONNECT)
    summary = await bench.call.end(CloseReason.LOST)
    assert summary.reason is CloseReason.DISCONNECT
    assert bench.value("sessions.ended", reason="disconnect") == 1


async def test_ending_twice_at_once_ends_once(bench: Any, make_witness: Any) -> None:
    witness = make_witness(lane=True, slow=1.0)
    call = await bench.accepted(w=witness)
    results = await asyncio.gather(*(call.end(CloseReason.END) for _ in range(3)))
    assert len([result for result in results if result is not None]) == 1
    assert len(witness.of("end")) == 1
    assert bench.value("sessions.ended", reason="end") == 1
    assert bench.lanes == []


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["decide", "open", "hear", "tell", "close", "end", "abandon", "reject", "lost", "cancel", "emit"]
        ),
        st.sampled_from([0.0, 0.1, 1.0, 3.0, 7.0, 40.0]),
    ),
    max_size=14,
)


@settings(max_examples=120, deadline=None)
@given(
    steps=_STEPS,
    answer=st.sampled_from([None, Accept(start_paused=True), Reject()]),
    slow=st.sampled_from([0.0, 0.5, 9.0, 100.0]),
)
def test_in_whatever_order_things_come_a_call_ends_exactly_once(
    steps: Any, answer: Any, slow: float, virtually: Callable[..., Any], make_witness: Any, make_policy: Any
) -> None:
    async def run(bench: Any) -> None:
        inline, lane = make_witness(), make_witness(lane=True, slow=slow)
        call = await bench.open(policy=make_policy(answer, 0.5), inline=inline, lane=lane)
        tasks: list[asyncio.Future[Any]] = []
        for step, seconds in steps:
            _take(step, bench, call, tasks)
            await asyncio.sleep(seconds)
        await call.end(CloseReason.LOST)
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(200)
        assert call.state == "ended"
        assert not call.holds
        for witness in (inline, lane):
            assert witness.begun == (["close", "end"] if call.begun else [])
            assert len(witness.of("decided")) <= 1
            assert not call.begun or witness.hooks[-1] == "end"
        outcomes = [bench.value("sessions", outcome=name) for name in ("accepted", "rejected", "lost")]
        assert sum(outcomes) == 1
        assert outcomes[0] == call.begun
        assert sum(bench.value("sessions.ended", reason=reason) for reason in CloseReason) == call.begun
        assert bench.lanes == []

    virtually(run)


def _take(step: str, bench: Any, call: Call, tasks: list[Any]) -> None:
    match step:
        case "decide" if not call.decided and not tasks:
            tasks.append(asyncio.ensure_future(call.decide()))
        case "open" if call.decided and bench.protocol.state == "opening" and call.state == "opening":
            with suppress(AssertionError):  # it was rejected
                bench.protocol.send(call.opened_message())
                call.begin()
        case "hear" if bench.protocol.state == "active" and call.begun:
            bench.hear()
        case "tell" if call.begun:
            bench.tell("paused")
        case "emit" if call.state != "ended":
            call.emit(EVENT, "inline")
        case "close" if call.begun:
            tasks.append(asyncio.ensure_future(call.close(CloseReason.END)))
        case "end":
            tasks.append(asyncio.ensure_future(call.end(CloseReason.END)))
        case "abandon" if not call.begun:
            call.abandon()
        case "reject" if call.decided and not call.begun:
            tasks.append(asyncio.ensure_future(call.reject(Reject())))
        case "lost":
            bench.protocol.receive_eof()
        case "cancel" if tasks:
            _cancel_a_wait(tasks)


def _cancel_a_wait(tasks: list[Any]) -> None:
    """Give up waiting for a decision or for `close`; `end` is nobody's to cancel."""
    for task in tasks:
        if task.get_coro().__name__ in ("decide", "close"):
            task.cancel()


async def test_audio_that_comes_after_the_end_reaches_nobody(bench: Any, make_witness: Any) -> None:
    inline, lane = make_witness(), make_witness(lane=True)
    call = await bench.accepted(inline=inline, lane=lane)
    await bench.finish()
    bench.hear()
    await asyncio.sleep(1)
    assert inline.hooks[-1] == lane.hooks[-1] == "end"
    assert call.state == "ended"
