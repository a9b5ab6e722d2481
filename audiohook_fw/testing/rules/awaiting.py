"""The rule of awaiting: a coroutine that nobody awaits does nothing, and Python only mumbles."""

from __future__ import annotations

import gc
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from .rule import BrokenError, Rule, Subject
from .scripts import ordinary, play

__all__ = ["AWAITS_EVERYTHING"]

_DEPTH: Final = 30
"""Frames that are kept of where a coroutine was made: what a plugin calls may make it far below."""
_WHAT: Final = re.compile(r"coroutine '(?P<name>.+)' was never awaited")
_FRAME: Final = re.compile(r'^  File "(?P<file>.+)", line (?P<line>\d+), in (?P<function>\S+)', re.M)


def _awaits_everything(subject: Subject) -> None:
    with _forgotten() as texts:
        call = play(subject, ordinary)
        package = call.package
        del call
        gc.collect()  # those that are in cycles are told of only then
    files = _files_of(package)
    for text in texts:
        for made in reversed(list(_FRAME.finditer(text))):
            if made["file"] in files:
                what = _WHAT.match(text)
                assert what is not None, "only those are noted"
                raise BrokenError(
                    f"the coroutine {what['name']} was never awaited, so nothing of it ran; it was made at "
                    f"{made['file']}:{made['line']} in {made['function']}"
                )


@contextmanager
def _forgotten() -> Iterator[list[str]]:
    """Note what Python says of coroutines that were thrown away before they began."""
    texts: list[str] = []
    with warnings.catch_warnings():
        warnings.filterwarnings("always", message=_WHAT.pattern, category=RuntimeWarning)
        others = warnings.showwarning

        def show(message: Any, *args: Any, **kwargs: Any) -> None:
            if _WHAT.match(str(message)):
                texts.append(str(message))
            else:
                others(message, *args, **kwargs)

        warnings.showwarning = show
        depth = sys.get_coroutine_origin_tracking_depth()
        sys.set_coroutine_origin_tracking_depth(_DEPTH)
        try:
            yield texts
        finally:
            sys.set_coroutine_origin_tracking_depth(depth)


def _files_of(package: str) -> set[str]:
    modules = [m for name, m in list(sys.modules.items()) if f"{name}.".startswith(f"{package}.")]
    return {str(getattr(module, "__file__", None)) for module in modules}


AWAITS_EVERYTHING: Final = Rule(
    "awaits-everything",
    "Every coroutine that it makes is awaited, or becomes a task.",
    "write await before the call, in an async hook; or hand it to asyncio.create_task, keep the task, and "
    "cancel it in on_end",
    _awaits_everything,
)
