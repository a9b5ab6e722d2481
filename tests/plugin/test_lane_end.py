"""The end of a lane: closed, idle, cancelled, and nothing after that."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from audiohook_fw.audio import AudioFrame
from audiohook_fw.plugin import CloseReason, Transcript
from audiohook_fw.plugin.lane import Lane
from audiohook_fw.protocol import MediaFormat

MEDIA = MediaFormat("PCMU", ("external", "internal"), 8000)


def frame(position: int = 0) -> AudioFrame:
    return AudioFrame(b"\xff" * 160, MEDIA, position)


async def ended(lane: Lane) -> None:
    lane.put_end(None)
    if lane.task is not None:
        await lane.task


async def test_closed_when_on_close_returned_and_nothing_waits(make_lane: Any, lane_owner: Any) -> None:
    seen: list[Any] = []
    lane: Lane

    async def on_close(reason: CloseReason) -> None:
        await asyncio.sleep(2)
        lane.put_event(Transcript(channel="external", text="", start=0, length=0), 1)

    async def on_event(event: Any) -> None:
        await asyncio.sleep(3)
        seen.append(event)

    lane = make_lane(on_close=on_close, on_event=on_event)
    closed = lane.put_close(CloseReason.END)
    assert lane.put_close(CloseReason.ERROR) is closed
    await closed
    assert asyncio.get_running_loop().time() == 5
    assert len(seen) == 1
    assert lane_owner.closing == [2.0]
    assert lane_owner.hops == [1, 0]
    await ended(lane)


async def test_closed_without_on_close_waits_for_the_queue(make_lane: Any) -> None:
    async def on_audio(frame: AudioFrame) -> None:
        await asyncio.sleep(2)

    lane = make_lane(on_audio=on_audio)
    lane.put_audio(frame())
    await lane.put_close(CloseReason.END)
    assert asyncio.get_running_loop().time() == 2
    await ended(lane)


async def test_idle(make_lane: Any) -> None:
    async def on_audio(frame: AudioFrame) -> None:
        await asyncio.sleep(2)

    lane = make_lane(on_audio=on_audio)
    assert lane.idle().done()
    lane.put_audio(frame())
    assert lane.is_busy
    waiting = lane.idle()
    assert lane.idle() is waiting
    await waiting
    assert not lane.is_busy
    assert asyncio.get_running_loop().time() == 2
    await ended(lane)


async def test_cancel_ends_the_hook_and_keeps_the_last_hook(make_lane: Any, lane_owner: Any) -> None:
    seen: list[Any] = []

    async def on_audio(frame: AudioFrame) -> None:
        await asyncio.sleep(3600)

    lane = make_lane(on_audio=on_audio, on_end=seen.append)
    lane.put_audio(frame(0))
    lane.put_audio(frame(80))
    await asyncio.sleep(1)
    lane.put_end("summary")
    lane.cancel()
    await lane.task
    assert seen == ["summary"]
    assert lane_owner.faults == [("on_audio", asyncio.CancelledError)]
    assert asyncio.get_running_loop().time() == 1


async def test_cancel_before_anything_ran_loses_no_last_hook(make_lane: Any) -> None:
    seen: list[Any] = []
    lane = make_lane(on_end=seen.append)
    lane.put_end("summary")
    lane.cancel()
    await lane.task
    assert seen == ["summary"]


async def test_cancelled_from_outside_it_ends(make_lane: Any) -> None:
    async def on_audio(frame: AudioFrame) -> None:
        await asyncio.sleep(3600)

    lane = make_lane(on_audio=on_audio)
    lane.put_audio(frame())
    await asyncio.sleep(1)
    lane.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await lane.task


async def test_after_its_end_it_takes_nothing(make_lane: Any) -> None:
    seen: list[Any] = []
    lane = make_lane(on_audio=seen.append, on_end=seen.append)
    lane.put_end("summary")
    lane.put_end("again")
    await lane.task
    lane.put_audio(frame())
    lane.put_control("on_pause", ())
    await asyncio.sleep(1)
    assert seen == ["summary"]
