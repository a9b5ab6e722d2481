"""`Cutter`: finds every place at which a plugin's hooks wait, and cancels them at one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator, Iterator
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Final

from .driver import CallDriver
from .log_notes import is_of

__all__ = ["Cutter", "Place"]


_LANE: Final = "audiohook-lane"
_KINDS: Final = (_LANE, "audiohook-on_open")
"""What begins the names of the tasks in which hooks of a call run."""


@dataclass(frozen=True, slots=True)
class Place:
    """One await of a hook: the lines of the plugin that wait there, outermost first."""

    hook: str
    lines: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        return " > ".join(f"{file}:{line}" for file, line in self.lines)


class Cutter:
    """Watches the hooks of a call's plugin wait; cancels the first that waits at `target`, as deadlines do.

    Attributes:
        places: where they waited, each once, in order.
    """

    def __init__(self, call: CallDriver, target: Place | None) -> None:
        self.places: list[Place] = []
        self._call = call
        self._target = target
        self._cut = False

    def begin(self) -> None:
        """Watch all tasks that are made from now on."""
        self._call.loop.set_task_factory(self._make)

    def waits(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Take note that a task waits."""
        task = asyncio.current_task(self._call.loop)
        assert task is not None, "a coroutine of a task runs in it"
        kind, _, rest = task.get_name().partition(":")
        if kind not in _KINDS or rest.partition(":")[0] != self._call.name:
            return
        lane = self._call._lane if kind == _LANE else None
        hook = lane.hook if lane is not None else kind.removeprefix("audiohook-")
        lines = tuple(_lines(coroutine, self._call.package)) if hook else ()
        if not lines:
            return
        place = Place(hook, lines)
        if place not in self.places:
            self.places.append(place)
        if place == self._target and not self._cut:
            self._cut = True
            self._call.loop.call_soon(task.cancel if lane is None else lane.cancel)

    def _make(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        watched = _Watched(coroutine, self) if asyncio.iscoroutine(coroutine) else coroutine
        return asyncio.Task(watched, loop=loop, **options)


class _Watched(Coroutine[Any, Any, Any]):
    """A task's coroutine; it tells each time it waits."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], cutter: Cutter) -> None:
        self._coroutine = coroutine
        self._cutter = cutter
        self.__qualname__ = getattr(coroutine, "__qualname__", "")  # to name tasks by

    def __await__(self) -> Generator[Any, Any, Any]:
        raise TypeError("only a task runs it")

    def send(self, value: Any) -> Any:
        """Go on."""
        result = self._coroutine.send(value)
        self._cutter.waits(self._coroutine)
        return result

    def throw(self, kind: Any, value: object = None, trace: TracebackType | None = None) -> Any:
        """Go on with an error."""
        result = self._coroutine.throw(kind)  # asyncio throws instances
        self._cutter.waits(self._coroutine)
        return result

    def close(self) -> None:
        """Break off."""
        self._coroutine.close()


def _lines(coroutine: Any, package: str) -> Iterator[tuple[str, int]]:
    """Yield where a suspended coroutine, and what it waits for, stand in the code of a package."""
    while coroutine is not None:
        frame: FrameType | None = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None and is_of(frame, package):
            yield frame.f_code.co_filename, frame.f_lineno
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
