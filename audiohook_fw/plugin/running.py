"""Who runs: which plugin and hook a thread is in, read off its stack.

Nothing is noted while hooks run, so it costs them nothing: the functions that call plugins say here, once,
where in their local variables it stands whom they call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any, Final, TypeVar

from .faults import is_of

__all__ = ["NOBODY", "TASK", "Running", "frames", "tells", "who_runs"]

F = TypeVar("F", bound=Callable[..., object])

TASK: Final = "task"
"""What stands for the hook when a plugin runs in a task or callback of its own making."""


@dataclass(frozen=True, slots=True)
class Running:
    """What runs: a plugin's hook, in a call unless `session_id` is empty; nothing when nobody is named."""

    plugin: str
    hook: str
    session_id: str = ""

    def __bool__(self) -> bool:
        return bool(self.plugin)


NOBODY: Final = Running("", "")

Read = Callable[[Mapping[str, Any]], Running]

_known: Final[dict[CodeType, Read]] = {}


def tells(read: Read) -> Callable[[F], F]:
    """Say of a function that calls plugins how to read from its local variables whom it calls.

    The function stays what it is. `read` may raise `KeyError` for variables that are not set yet.
    """

    def mark(function: F) -> F:
        _known[function.__code__] = read
        return function

    return mark


def frames(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield a stack from the inside out. Another thread's may end early: it runs on meanwhile."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def who_runs(frame: FrameType | None, modules: Sequence[tuple[str, str]] = ()) -> Running:
    """Return whose code the innermost call of a plugin's on a stack is; `NOBODY` when there is none.

    Args:
        frame: the innermost one, of a running thread too.
        modules: plugins and the names of their modules. They name a plugin whose code runs though none of
            our functions called it: a task, a callback. The innermost frame of a plugin counts.
    """
    stack = list(frames(frame))
    for place in stack:
        read = _known.get(place.f_code)
        if read is not None:
            try:
                return read(place.f_locals)
            except (KeyError, AttributeError):  # it has not come to a plugin yet
                continue
    for place in stack:
        name = place.f_globals.get("__name__", "")
        owner = next((plugin for plugin, module in modules if module == name), "")
        owner = owner or next((plugin for plugin, module in modules if is_of(place, module)), "")
        if owner:
            return Running(owner, TASK)
    return NOBODY
