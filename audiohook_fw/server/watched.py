"""`Watched`: what the watchdog knows of a server: its plugins, and the calls they are in."""

from __future__ import annotations

from collections.abc import Iterator
from types import FrameType

from audiohook_fw.plugin import Lane, PluginManager, Running

from .registry import Registry

__all__ = ["Watched"]


class Watched:
    """The plugins of one server in its calls."""

    def __init__(self, plugins: PluginManager, registry: Registry) -> None:
        self._plugins = plugins
        self._registry = registry

    def who_runs(self, frame: FrameType | None) -> Running:
        """Return which plugin the innermost frame of a thread is in; safe in any thread."""
        return self._plugins.who_runs(frame)

    def blocked(self, by: Running) -> None:
        """Note who blocked the loop; once too often, and it is in quarantine in all calls, new ones too."""
        if by and self._plugins.conduct.blocked(by):
            for dispatch in self._registry.dispatches():
                dispatch.silence(by.plugin)

    def slow(self, running: Running, seconds: float) -> None:
        """Note a hook that has run for so long."""
        self._plugins.conduct.slow(running, seconds)

    def lanes(self) -> Iterator[Lane]:
        """Yield the lanes of all calls, those that are ending too."""
        for dispatch in self._registry.dispatches():
            yield from dispatch.lanes
