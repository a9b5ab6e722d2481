"""The rule of cancelling: a hook that is cut off wherever it waits leaves nothing behind."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ..cutting import Cutter, Place
from ..driver import CallDriver
from .rule import BrokenError, Rule, Subject, ToldError
from .scripts import ordinary

__all__ = ["CANCELLED_CLEANLY"]

_PLACES: Final = 40
"""Places that are tried at most, so that a check stays short."""
_FILES: Final = Path("/proc/self/fd")


def _cancelled_cleanly(subject: Subject) -> None:
    # All that there are, with nothing cut; it also warms up what is made once.
    places = _cut(subject, None)[0]
    for place in (None, *places[:_PLACES]):
        left = _cut(subject, place)[1]
        if left:
            left = _cut(subject, place)[1]  # others in this process open files, too, but not twice in a row
        if left:
            where = f"{place.hook} was cancelled at {place}" if place else "a call ended"
            raise BrokenError(f"after {where}, it left {', '.join(left)}")


def _cut(subject: Subject, place: Place | None) -> tuple[list[Place], list[str]]:
    """Play a call in which one await is cancelled; return the places of all, and what was left behind."""
    files, threads = _open_files(), set(threading.enumerate())
    call = subject.driver()
    cutter = Cutter(call, place)
    try:
        call.start()
        cutter.begin()
        call.open()
        if call.accepted:
            ordinary(call, subject)
        call.close()
    finally:
        call.shutdown()
    if call.endless is not None:  # as it would be each time
        raise ToldError("never-blocks")
    return cutter.places, list(_left(call, files, threads))


def _left(call: CallDriver, files: Mapping[str, str], threads: set[threading.Thread]) -> Iterator[str]:
    yield from (f"the task {name}" for name in call.left_tasks)
    for number, target in _open_files().items():
        if files.get(number) != target:
            yield f"the open file {target}"
    for thread in set(threading.enumerate()) - threads:
        if thread.is_alive():
            yield f"the thread {thread.name}"


def _open_files() -> dict[str, str]:
    """Return what this process has open, where the system tells."""
    found: dict[str, str] = {}
    if _FILES.is_dir():
        for number in os.listdir(_FILES):
            try:
                found[number] = os.readlink(_FILES / number)
            except OSError:  # that of the listing itself
                continue
    return found


CANCELLED_CLEANLY: Final = Rule(
    "cancelled-cleanly",
    "A hook that is cancelled at any of its awaits, as at the end deadline, leaves no task, no open file "
    "or socket and no thread behind, once the call is over and the plugin stopped. Nor does a call that ends "
    "well.",
    "use async with, with or try/finally around what you open, keep and cancel the tasks you start, and let "
    "CancelledError through",
    _cancelled_cleanly,
)
