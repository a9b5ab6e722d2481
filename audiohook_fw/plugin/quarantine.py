"""Count in how many calls a plugin had to be put in quarantine: too many, and new calls go without it."""

from __future__ import annotations

from collections import deque

__all__ = ["QuarantineLedger"]


class QuarantineLedger:
    """Quarantines of the last `window` seconds, by plugin."""

    __slots__ = ("_calls", "_limit", "_window")

    def __init__(self, limit: int, window: float) -> None:
        self._limit = limit
        self._window = window
        self._calls: dict[str, deque[float]] = {}

    def add(self, plugin: str, now: float, *, began: float | None = None) -> bool:
        """Note that a call put `plugin` in quarantine; tell whether that is one call too many.

        Args:
            began: when the call did; one that began before the last that was noted does not count again.
        """
        times = self._calls.setdefault(plugin, deque(maxlen=self._limit))
        if began is not None and times and began < times[-1]:
            return False
        times.append(now)
        return len(times) == self._limit and now - times[0] <= self._window

    def clear(self, plugin: str) -> None:
        """Forget what was noted of `plugin`, since it did well."""
        self._calls.pop(plugin, None)
