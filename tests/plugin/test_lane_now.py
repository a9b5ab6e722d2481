"""A lane that sleeps takes a frame at once when no task runs: in order, isolated, as if it had been woken."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from audiohook_fw.audio import AudioFrame
from audiohook_fw.plugin.lane import Lane
from audiohook_fw.protocol import MediaFormat

MEDIA = MediaFormat("PCMU", ("external", "internal"), 8000)


def frame(position: int = 0) -> AudioFrame:
    return AudioFrame(b"\xff" * 160, MEDIA, position)


async def put(lane: Lane, *positions: int) -> None:
    """Put frames in as the loop does, in no task; return when it has done so."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def call() -> None:
        for position in positions:
            lane.put_audio(frame(position), now=True)
        done.set_result(None)

    asyncio.get_running_loop().call_soon(call)
    await done


async def asleep(lane: Lane) -> None:
    """Let a lane begin its task, and fall asleep."""
    lane.put_control("on_opened", ())
    await asyncio.sleep(1)


async def ended(lane: Lane) -> None:
    lane.put_end(None)
    if lane.task is not None:
        await lane.task


async def test_a_hook_that_never_waits_has_returned_already(make_lane: Any) -> None:
    seen: list[Any] = []

    async def on_audio(frame: AudioFrame) -> None:
        seen.append((frame.position, asyncio.current_task()))

    lane = make_lane(on_audio=on_audio)
    await asleep(lane)
    lane.put_audio(frame(0))
    assert seen == []
    await asyncio.sleep(1)
    await put(lane, 80, 160, 240)
    assert [position for position, _ in seen] == [0, 80, 160, 240]
    assert {task for _, task in seen} == {lane.task}
    assert not lane.is_busy
    await ended(lane)


async def test_what_comes_while_it_waits_comes_behind(make_lane: Any) -> None:
    seen: list[Any] = []

    async def on_audio(frame: AudioFrame) -> None:
        await asyncio.sleep(1)
        seen.append(frame.position)

    lane = make_lane(on_audio=on_audio, on_pause=lambda *args: seen.append("pause"))
    await asleep(lane)
    await put(lane, 0)
    assert (lane.hook, len(lane.queue)) == ("on_audio", 0)
    await put(lane, 80)
    lane.put_control("on_pause", ())
    await put(lane, 160)
    assert len(lane.queue) == 3
    await ended(lane)
    assert seen == [0, 80, "pause", 160]


async def test_a_control_event_that_waits_is_not_overtaken(make_lane: Any) -> None:
    seen: list[Any] = []

    async def on_audio(frame: AudioFrame) -> None:
        seen.append(frame.position)

    lane = make_lane(on_audio=on_audio, on_pause=lambda *args: seen.append("pause"))
    await asleep(lane)

    def call() -> None:
        lane.put_control("on_pause", ())
        lane.put_audio(frame(0), now=True)

    asyncio.get_running_loop().call_soon(call)
    await asyncio.sleep(1)
    assert seen == ["pause", 0]
    await ended(lane)


@pytest.mark.parametrize("waits", [False, True])
async def test_a_fault_is_told_and_the_lane_goes_on(make_lane: Any, lane_owner: Any, waits: bool) -> None:
    async def on_audio(frame: AudioFrame) -> None:
        if waits:
            await asyncio.sleep(0.1)
        if frame.position == 0:
            raise SystemExit
        if frame.position == 80:
            raise asyncio.CancelledError

    lane = make_lane(on_audio=on_audio)
    await asleep(lane)
    for position in (0, 80, 160):
        await put(lane, position)
        await asyncio.sleep(1)
    assert lane_owner.faults == [("on_audio", SystemExit), ("on_audio", asyncio.CancelledError)]
    assert lane_owner.successes == 1
    await ended(lane)


@pytest.mark.parametrize("adopted", [False, True])
async def test_a_hook_that_began_at_once_can_be_cancelled(
    make_lane: Any, lane_owner: Any, adopted: bool
) -> None:
    seen: list[str] = []

    async def on_audio(frame: AudioFrame) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            seen.append("over")

    lane = make_lane(on_audio=on_audio)
    await asleep(lane)
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def call() -> None:
        lane.put_audio(frame(), now=True)
        if not adopted:
            lane.cancel()  # before its task knows of the hook
        done.set_result(None)

    asyncio.get_running_loop().call_soon(call)
    await done
    if adopted:
        await asyncio.sleep(1)
        lane.cancel()
    await asyncio.sleep(1)
    assert seen == ["over"]
    assert lane_owner.faults == [("on_audio", asyncio.CancelledError)]
    assert not lane.task.done()
    await ended(lane)


@pytest.mark.parametrize("waits", [False, True])
async def test_a_hook_that_cancels_its_own_task_loses_only_itself(
    make_lane: Any, lane_owner: Any, waits: bool
) -> None:
    seen: list[int] = []

    async def on_audio(frame: AudioFrame) -> None:
        if frame.position == 0:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            if waits:
                await asyncio.sleep(1)
        seen.append(frame.position)

    lane = make_lane(on_audio=on_audio)
    await asleep(lane)
    await put(lane, 0)
    await asyncio.sleep(2)
    await put(lane, 80)
    await asyncio.sleep(2)
    await put(lane, 160)
    assert seen == ([80, 160] if waits else [0, 80, 160])
    assert lane_owner.faults == ([("on_audio", asyncio.CancelledError)] if waits else [])
    await ended(lane)


async def test_a_muted_lane_takes_nothing(make_lane: Any) -> None:
    seen: list[int] = []

    async def on_audio(frame: AudioFrame) -> None:
        seen.append(frame.position)

    lane = make_lane(on_audio=on_audio)
    await asleep(lane)
    lane.mute()
    await put(lane, 0)
    assert (seen, lane.queue.refused) == ([], 80)
    await ended(lane)
