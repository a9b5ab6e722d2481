"""A lane runs hooks in order, isolates what they do, and never makes anybody wait."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

from audiohook_fw.audio import AudioFrame
from audiohook_fw.plugin import CloseReason, LocalMetrics, Transcript
from audiohook_fw.plugin.lane import Lane
from audiohook_fw.plugin.lane_queue import LaneBudget, LaneQueue
from audiohook_fw.plugin.statistics import PluginCounters
from audiohook_fw.protocol import MediaFormat

MEDIA = MediaFormat("PCMU", ("external", "internal"), 8000)


def frame(position: int = 0) -> AudioFrame:
    return AudioFrame(b"\xff" * 160, MEDIA, position)


async def ended(lane: Lane) -> None:
    lane.put_end(None)
    if lane.task is not None:
        await lane.task


async def test_audio_and_control_stay_in_order_whatever_the_colour(make_lane: Any) -> None:
    seen: list[Any] = []

    async def on_audio(frame: AudioFrame) -> None:
        await asyncio.sleep(1)
        seen.append(frame.position)

    lane = make_lane(on_audio=on_audio, on_pause=lambda *args: seen.append(args))
    lane.put_audio(frame(0))
    lane.put_control("on_pause", ("client", 80))
    lane.put_audio(frame(80))
    assert seen == []
    await ended(lane)
    assert seen == [0, ("client", 80), 80]


async def test_nothing_runs_and_no_task_exists_before_the_first_item(make_lane: Any) -> None:
    lane = make_lane(on_audio=lambda frame: None)
    assert lane.task is None
    await ended(lane)
    assert lane.task is None


async def test_it_sleeps_on_one_future_and_wakes(make_lane: Any) -> None:
    seen: list[int] = []

    async def on_audio(frame: AudioFrame) -> None:
        seen.append(frame.position)

    lane = make_lane(on_audio=on_audio)
    for position in (0, 80):
        lane.put_audio(frame(position))
        lane.put_audio(frame(position + 1))
        await asyncio.sleep(1)
    assert seen == [0, 1, 80, 81]
    await ended(lane)


async def test_a_lane_that_never_waits_lets_others_run(make_lane: Any) -> None:
    ticks = 0

    async def ticker() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    async def on_audio(frame: AudioFrame) -> None: ...

    task = asyncio.create_task(ticker())
    lane = make_lane(on_audio=on_audio)
    for position in range(160):
        lane.put_audio(frame(position))
    await ended(lane)
    task.cancel()
    assert ticks >= 10


async def test_it_knows_what_runs_and_since_when(make_lane: Any) -> None:
    async def on_audio(frame: AudioFrame) -> None:
        await asyncio.sleep(5)

    lane = make_lane(on_audio=on_audio)
    await asyncio.sleep(3)
    lane.put_audio(frame())
    await asyncio.sleep(1)
    assert (lane.hook, lane.since) == ("on_audio", 3.0)
    assert repr(lane) == "<Lane vad open in on_audio, 0 waiting>"
    assert lane.task.get_name() == "audiohook-lane:vad:s-1"
    await ended(lane)
    assert lane.hook == ""
    assert repr(lane) == "<Lane vad ended, 0 waiting>"


async def test_faults_are_told_and_the_lane_goes_on(make_lane: Any, lane_owner: Any) -> None:
    async def on_audio(frame: AudioFrame) -> None:
        match frame.position:
            case 0:
                raise ValueError
            case 1:
                raise SystemExit
            case 2:
                raise asyncio.CancelledError
            case 3:
                future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                future.cancel()
                await future

    lane = make_lane(on_audio=on_audio)
    for position in range(5):
        lane.put_audio(frame(position))
    await ended(lane)
    kinds = [ValueError, SystemExit, asyncio.CancelledError, asyncio.CancelledError]
    assert lane_owner.faults == [("on_audio", kind) for kind in kinds]
    assert lane_owner.successes == 1


async def test_a_plugin_that_cancels_its_own_lane_loses_that_hook(make_lane: Any, lane_owner: Any) -> None:
    seen: list[int] = []

    async def on_audio(frame: AudioFrame) -> None:
        if frame.position == 0:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(1)
        seen.append(frame.position)

    lane = make_lane(on_audio=on_audio)
    lane.put_audio(frame(0))
    await asyncio.sleep(2)
    lane.put_audio(frame(80))
    await ended(lane)
    assert seen == [80]
    assert lane_owner.faults == [("on_audio", asyncio.CancelledError)]


async def test_full_and_dropping(make_lane: Any, lane_owner: Any) -> None:
    seen: list[tuple[int, int]] = []

    async def on_audio(frame: AudioFrame) -> None:
        seen.append((frame.position, frame.dropped_before))
        await asyncio.sleep(1)

    lane = make_lane(on_audio=on_audio, samples=160)
    lane.put_audio(frame(0))
    await asyncio.sleep(0.5)
    for position in range(80, 480, 80):
        lane.put_audio(frame(position))
    await ended(lane)
    assert seen == [(0, 0), (320, 240), (400, 0)]
    assert not lane.failed
    assert lane_owner.overflows == []


async def test_full_and_failing(make_lane: Any, lane_owner: Any) -> None:
    seen: list[Any] = []

    async def on_audio(frame: AudioFrame) -> None:
        seen.append(frame.position)
        await asyncio.sleep(1)

    async def on_close(reason: Any) -> None:
        seen.append(reason)

    lane = make_lane(on_audio=on_audio, on_close=on_close, on_pause=seen.append, samples=160, drops=False)
    for position in range(0, 800, 80):
        lane.put_audio(frame(position))
    lane.put_control("on_pause", ())
    assert lane.failed
    assert lane.queue.refused == 640
    assert [error.hook for error in lane_owner.overflows] == ["on_audio"]  # told once
    await lane.put_close(CloseReason.END)
    await ended(lane)
    assert seen == [0, 80, CloseReason.END]  # what was queued is whole, and then nothing but the end
    assert repr(lane) == "<Lane vad ended, 0 waiting>"


async def test_a_flood_of_control_events_fails_the_lane(make_lane: Any, lane_owner: Any) -> None:
    async def on_update(number: int) -> None:
        await asyncio.sleep(1)

    ends: list[Any] = []
    lane = make_lane(on_update=on_update, on_end=ends.append)
    for number in range(10):
        lane.put_control("on_update", (number,))
    assert lane.failed
    assert [error.hook for error in lane_owner.overflows] == ["on_update"]
    assert repr(lane) == "<Lane vad failed, 5 waiting>"
    lane.put_end("summary")
    await lane.task
    assert ends == ["summary"]


async def test_muted_it_takes_and_delivers_only_the_last_hooks(make_lane: Any) -> None:
    seen: list[Any] = []

    async def on_audio(frame: AudioFrame) -> None:
        await asyncio.sleep(1)
        seen.append("audio")

    lane = make_lane(on_audio=on_audio, on_event=seen.append, on_close=seen.append, on_end=seen.append)
    lane.put_audio(frame(0))
    lane.put_audio(frame(80))
    await asyncio.sleep(0.5)
    lane.mute()
    lane.put_audio(frame(160))
    lane.put_control("on_pause", ())
    lane.put_event(Transcript(channel="external", text="", start=0, length=0), 1)
    assert repr(lane) == "<Lane vad muted in on_audio, 0 waiting>"
    lane.put_close(CloseReason.LOST)
    lane.put_end("summary")
    await lane.task
    assert seen == ["audio", CloseReason.LOST, "summary"]


async def test_a_plain_function_may_return_an_awaitable_here(make_lane: Any, lane_owner: Any) -> None:
    async def later() -> None:
        await asyncio.sleep(1)

    lane = make_lane(on_audio=lambda frame: later())
    lane.put_audio(frame())
    await ended(lane)
    assert lane_owner.successes == 1
    assert asyncio.get_running_loop().time() == 1


async def test_it_runs_in_its_own_context(lane_owner: Any) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="outside")
    context = contextvars.copy_context()
    context.run(variable.set, "given")
    seen: list[str] = []

    async def on_update() -> None:
        seen.append(variable.get())
        variable.set("changed")

    queue = LaneQueue(
        LaneBudget(1),
        PluginCounters(LocalMetrics(), "vad"),
        seconds=1,
        drops=True,
        control_limit=5,
        event_limit=5,
    )
    lane = Lane("vad", {"on_update": (on_update,)}, lane_owner, queue, clock=lambda: 0.0, context=context)
    lane.put_control("on_update", ())
    await ended(lane)
    assert seen == ["given"]
    assert variable.get() == "outside"


async def test_generator_exit_of_a_hook_is_a_fault_like_any_other(make_lane: Any, lane_owner: Any) -> None:
    async def on_audio(frame: AudioFrame) -> None:
        await asyncio.sleep(0)
        raise GeneratorExit

    def on_close(reason: CloseReason) -> None:
        raise GeneratorExit

    lane = make_lane(on_audio=on_audio, on_close=on_close)
    lane.put_audio(frame())
    closed = lane.put_close(CloseReason.END)
    await closed
    await ended(lane)
    assert lane_owner.faults == [("on_audio", GeneratorExit), ("on_close", GeneratorExit)]


async def test_a_closed_coroutine_is_no_fault(make_lane: Any, lane_owner: Any) -> None:
    async def on_audio(frame: AudioFrame) -> None:
        await asyncio.sleep(3600)

    lane = make_lane(on_audio=on_audio)
    lane.put_audio(frame())
    await asyncio.sleep(1)
    lane.task.get_coro().close()  # as when a loop is gone and its coroutines are collected
    assert lane_owner.faults == []
    lane.task.cancel()
    await asyncio.wait([lane.task])
