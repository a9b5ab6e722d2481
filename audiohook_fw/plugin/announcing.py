"""`Announcing`: tells plugins the events of no live call, when all of them can take them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from .ask import Answer, TaskHold, ask
from .compile import select
from .events import Event
from .loaded import LoadedPlugin

__all__ = ["Announcing"]

_HOOK: Final = "on_announced"


class Announcing:
    """Who hears announcements, and when.

    Args:
        plugins: returns those that take part, quarantined ones too: what is missed here never comes again.
        hold: tasks of plugins that are left alone. note: gets the answers that failed.
    """

    def __init__(
        self,
        plugins: Callable[[], Iterable[LoadedPlugin]],
        hold: TaskHold,
        note: Callable[[Answer, str], None],
    ) -> None:
        self._plugins: Final = plugins
        self._hold: Final = hold
        self._note: Final = note
        self._starting: asyncio.Event | None = None  # set when all have started
        self._stopped: set[str] = set()

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Have announcements wait for the end of this block."""
        self._starting = asyncio.Event()
        try:
            yield
        finally:
            self._starting.set()

    def stop(self, plugin: LoadedPlugin) -> None:
        """Tell nobody any more what this one would have to hear."""
        self._stopped.add(plugin.name)

    def is_heard(self, event_type: str) -> bool:
        """Tell whether a plugin takes such announcements."""
        return bool(self._hearers(event_type))

    async def announce(self, event: Event, timeout: float) -> bool:
        """Tell an event to all that consume it.

        Args:
            timeout: seconds for all together, and for the start of plugins.

        Returns:
            Whether none failed, was late, or has been shut down: in that case nobody is told.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        if self._starting is not None:
            try:
                await asyncio.wait_for(self._starting.wait(), timeout)
            except TimeoutError:
                return False
        hearers = self._hearers(event.event_type)
        if any(plugin.name in self._stopped for plugin in hearers):
            return False
        questions = [
            plugin.question(i, select(i, {"event": event}))
            for plugin in hearers
            for i in plugin.functions[_HOOK]
        ]
        if not questions:
            return True
        left = deadline - loop.time()
        answers = await ask(_HOOK, questions, left, final=lambda _: False, hold=self._hold)
        failed = [answer for answer in answers if answer.failed]
        for answer in failed:
            self._note(answer, _HOOK)
        return not failed

    def _hearers(self, event_type: str) -> list[LoadedPlugin]:
        return [p for p in self._plugins() if p.functions.get(_HOOK) and p.hears(event_type)]
