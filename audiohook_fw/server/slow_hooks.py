"""Hooks that run for long in lanes: they harm no other plugin, but somebody should know."""

from __future__ import annotations

from typing import Final

from audiohook_fw.plugin import Lane, Running

from .watched import Watched

__all__ = ["SlowHooks"]

_EVERY: Final = 1.0  # seconds between two looks at all lanes


class SlowHooks:
    """Reports each call of a hook that runs longer than `bound` seconds, once."""

    def __init__(self, watched: Watched, bound: float) -> None:
        self._watched = watched
        self._bound = bound
        self._next = 0.0
        self._told: dict[Lane, float] = {}

    def check(self, now: float) -> None:
        """Look at all lanes, once a second at most; `now` is the loop's time."""
        if now < self._next:
            return
        self._next = now + min(_EVERY, self._bound)
        told: dict[Lane, float] = {}
        for lane in self._watched.lanes():
            if lane.hook and now - lane.since >= self._bound:
                told[lane] = lane.since
                if self._told.get(lane) != lane.since:
                    self._watched.slow(lane.running, now - lane.since)
        self._told = told

    def running(self, now: float) -> list[tuple[Running, float]]:
        """Return the hooks that run now and for how many seconds, the longest first."""
        found = [(lane.running, now - lane.since) for lane in self._watched.lanes() if lane.hook]
        return sorted(found, key=lambda item: item[1], reverse=True)
