"""Hooks that run for long in lanes are reported once for each call, and shown while they run."""

from __future__ import annotations

from typing import Any

from audiohook_fw.plugin import NOBODY, Running
from audiohook_fw.server.slow_hooks import SlowHooks


class Lane:
    """Stands for a lane: what runs in it, and since when."""

    def __init__(self, name: str, hook: str = "", since: float = 0.0) -> None:
        self.name = name
        self.hook = hook
        self.since = since

    @property
    def running(self) -> Running:
        return Running(self.name, self.hook, "s-1") if self.hook else NOBODY


class House:
    """Stands for a server with lanes."""

    def __init__(self, *lanes: Any) -> None:
        self.all = list(lanes)
        self.told: list[tuple[str, str, float]] = []

    def lanes(self) -> list[Any]:
        return self.all

    def slow(self, running: Running, seconds: float) -> None:
        self.told.append((running.plugin, running.hook, seconds))


def make(*lanes: Lane, bound: float = 10.0) -> tuple[Any, SlowHooks]:
    house: Any = House(*lanes)
    return house, SlowHooks(house, bound)


def test_each_call_of_a_hook_is_reported_once_when_it_has_run_so_long() -> None:
    lane = Lane("asr", "on_audio", 5.0)
    house, hooks = make(lane, Lane("vad", "on_audio", 14.0), Lane("idle"))
    for now in range(10, 30):
        hooks.check(now)
        if now == 20:
            lane.since = 17.5  # it returned, and the next one is slow as well
        house.all[1].since = now
    assert house.told == [("asr", "on_audio", 10.0), ("asr", "on_audio", 10.5)]


def test_lanes_are_looked_at_once_a_second() -> None:
    house, hooks = make(Lane("asr", "on_audio", 0.0), bound=1.0)
    for tenth in range(5, 17):
        hooks.check(tenth / 10)
    assert house.told == [("asr", "on_audio", 1.5)]


def test_a_call_that_is_gone_is_forgotten() -> None:
    house, hooks = make(Lane("asr", "on_end", 0.0))
    hooks.check(20.0)
    house.all.clear()
    hooks.check(30.0)
    assert hooks._told == {}


def test_what_runs_now_longest_first() -> None:
    _, hooks = make(Lane("a", "on_audio", 9.0), Lane("b"), Lane("c", "on_close", 2.0))
    assert hooks.running(10.0) == [
        (Running("c", "on_close", "s-1"), 8.0),
        (Running("a", "on_audio", "s-1"), 1.0),
    ]
