"""The queue of a lane: order, bounds, what is dropped, and what the rest is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.audio import AudioFrame
from audiohook_fw.plugin import LocalMetrics, Transcript
from audiohook_fw.plugin.lane_queue import LaneBudget, LaneQueue
from audiohook_fw.plugin.statistics import PluginCounters
from audiohook_fw.protocol import MediaFormat

MEDIA = MediaFormat("PCMU", ("external", "internal"), 8000)


def frame(position: int = 0, length: int = 80, gap: int = 0) -> AudioFrame:
    return AudioFrame(b"\xff" * (2 * length), MEDIA, position, gap)


def make(
    samples: int = 240_000,
    *,
    budget: LaneBudget | None = None,
    drops: bool = True,
    control: int = 3,
    events: int = 3,
    metrics: LocalMetrics | None = None,
) -> LaneQueue:
    return LaneQueue(
        budget or LaneBudget(1_000_000),
        PluginCounters(metrics or LocalMetrics(), "vad"),
        seconds=samples / MEDIA.rate,
        drops=drops,
        control_limit=control,
        event_limit=events,
    )


def drain(queue: LaneQueue) -> list[Any]:
    items = []
    while (item := queue.pop()) is not None:
        items.append(item)
    return items


def said(text: str, *, final: bool = True) -> Transcript:
    return Transcript(channel="external", text=text, start=0, length=1, is_final=final)


def test_everything_comes_out_as_it_went_in() -> None:
    queue = make()
    first, second = frame(0), frame(80)
    queue.put_audio(first)
    queue.put_control("on_pause", ("client", 80))
    queue.put_event(said("a", final=False), 1, interim=True)
    queue.put_audio(second)
    queue.put_event(said("b"), 2)
    queue.put_control("on_close", ("end",))
    assert len(queue) == 6
    got = drain(queue)
    assert [item[0] for item in got] == [
        "on_audio", "on_pause", "on_event", "on_audio", "on_event", "on_close",
    ]  # fmt: skip
    assert got[0][1] == (first,)
    assert got[3][1] == (second,)
    assert [item[2] for item in got] == [0, 0, 1, 0, 2, 0]
    assert len(queue) == 0


def test_the_oldest_audio_goes_and_the_next_frame_tells() -> None:
    metrics = LocalMetrics()
    queue = make(240, metrics=metrics)
    for index in range(5):
        assert queue.put_audio(frame(index * 80))
    got = [item[1][0] for item in drain(queue)]
    assert [f.position for f in got] == [160, 240, 320]
    assert [f.gap_before for f in got] == [160, 0, 0]
    assert [f.dropped_before for f in got] == [160, 0, 0]
    assert queue.dropped == 160
    assert metrics.value("audiohook.lane.dropped.frames", plugin="vad") == 2
    assert metrics.value("audiohook.lane.dropped.duration", plugin="vad") == pytest.approx(0.02)


def test_gaps_before_dropped_frames_are_missing_but_not_dropped() -> None:
    queue = make(80)
    queue.put_audio(frame(500, gap=500))
    queue.put_audio(frame(600, gap=20))
    (item,) = drain(queue)
    assert item[1][0].gap_before == 600
    assert item[1][0].dropped_before == 80


def test_audio_is_dropped_from_behind_control_events() -> None:
    queue = make(80)
    queue.put_control("on_pause", ("client", 0))
    queue.put_audio(frame(0))
    queue.put_control("on_resume", ("gap",))
    queue.put_audio(frame(80))
    got = drain(queue)
    assert [item[0] for item in got] == ["on_pause", "on_resume", "on_audio"]
    assert got[2][1][0].dropped_before == 80


def test_one_frame_always_fits() -> None:
    queue = make(10, budget=LaneBudget(1))
    assert queue.put_audio(frame(0, 4000))
    assert queue.put_audio(frame(4000, 4000))
    (item,) = drain(queue)
    assert item[1][0].position == 4000


def test_without_dropping_it_says_no() -> None:
    queue = make(160, drops=False)
    assert queue.put_audio(frame(0))
    assert queue.put_audio(frame(80))
    assert not queue.put_audio(frame(160))
    assert [item[1][0].position for item in drain(queue)] == [0, 80]
    assert queue.dropped == 0


def test_lanes_share_the_bytes() -> None:
    budget = LaneBudget(500)
    greedy, modest = make(budget=budget), make(budget=budget)
    for index in range(3):
        greedy.put_audio(frame(index * 80))
    assert budget.used == 480
    modest.put_audio(frame(0))  # one frame always fits, over the budget too
    assert budget.used == 640
    modest.put_audio(frame(80))  # the second does not, so its own oldest goes
    assert budget.used == 640
    assert modest.dropped == 80
    assert greedy.dropped == 0
    greedy.clear()
    assert budget.used == 160
    drain(modest)
    assert budget.used == 0


def test_too_many_control_events_are_refused_but_not_the_last_hooks() -> None:
    queue = make(control=2)
    assert queue.put_control("on_update", ())
    assert queue.put_control("on_update", ())
    assert not queue.put_control("on_update", ())
    assert queue.put_control("on_close", ())
    assert queue.put_control("on_end", ())


def test_oldest_interim_goes_first_then_the_oldest() -> None:
    metrics = LocalMetrics()
    queue = make(events=3, metrics=metrics)
    for text, final in [("1", True), ("2", False), ("3", False), ("4", True), ("5", True), ("6", True)]:
        queue.put_event(said(text, final=final), 1, interim=not final)
    assert [item[1][0].text for item in drain(queue)] == ["4", "5", "6"]
    assert queue.dropped_events == 3
    assert metrics.value("audiohook.lane.dropped.events", plugin="vad") == 3


def test_clear_keeps_the_last_hooks() -> None:
    queue = make()
    queue.put_audio(frame())
    queue.put_control("on_pause", ())
    queue.put_event(said("a"), 1)
    queue.put_event(said("b", final=False), 1, interim=True)
    queue.put_control("on_close", ())
    queue.clear()
    assert [item[0] for item in drain(queue)] == ["on_close"]
    assert (queue.dropped, queue.dropped_events, queue.samples) == (80, 2, 0)


@dataclass
class Sent:
    length: int
    gap: int


audio = st.builds(Sent, st.integers(0, 400), st.integers(0, 300))
steps = st.lists(st.one_of(audio, st.just("pop"), st.just("control"), st.just("event")), max_size=80)


@given(steps, st.integers(1, 1_000), st.integers(1, 2_000))
def test_nothing_is_lost_without_being_told(script: list[Any], bound: int, limit: int) -> None:
    budget = LaneBudget(limit)
    queue = make(bound, budget=budget, control=1_000, events=1_000)
    clock, sent, delivered = 0, 0, 0
    order: list[int] = []
    got: list[tuple[str, Any]] = []
    number = 0

    def take(item: Any) -> None:
        got.append((item[0], item[1][0]))

    for step in script:
        if isinstance(step, Sent):
            clock += step.gap
            queue.put_audio(frame(clock, step.length, step.gap))
            clock += step.length
            sent += step.length
        elif step == "pop":
            if (item := queue.pop()) is not None:
                take(item)
        elif step == "control":
            number += 1
            order.append(number)
            queue.put_control("on_update", (number,))
        else:
            number += 1
            order.append(number)
            queue.put_event(said(str(number), final=number % 2 == 0), 1, interim=number % 2 == 1)
    for item in drain(queue):
        take(item)

    end, dropped = 0, 0
    for hook, thing in got:
        if hook == "on_audio":
            assert thing.position == end + thing.gap_before  # monotonic, and every missing sample is told
            end = thing.end
            delivered += thing.length
            dropped += thing.dropped_before
    assert delivered + dropped == sent
    assert dropped == queue.dropped
    assert end == clock
    others = [t if hook == "on_update" else int(t.text) for hook, t in got if hook != "on_audio"]
    assert others == order
    assert (queue.samples, budget.used, len(queue)) == (0, 0, 0)
