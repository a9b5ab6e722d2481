"""Reading a recording that somebody may change meanwhile: what is wrong with it has to be so twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from .finding import Found, look

__all__ = ["until_it_stands"]

T = TypeVar("T")

TRIES: Final = 3
"""A recording that somebody changed while it was read is read again."""
PAUSE: Final = 0.5
"""Seconds between two tries at a recording that a process has still something to do for."""


def until_it_stands(found: Found, read: Callable[[Found], T], is_wrong: Callable[[T], bool]) -> T | None:
    """Return what was read of a recording once it is well or stays as it is; nothing when it is gone."""
    for _ in range(TRIES):
        result = read(found)
        if not is_wrong(result):
            break
        used = found.document is not None and found.place.runs(found.document)
        if used:  # its files may be just about to be replaced, or to go: then its sidecar follows soon
            time.sleep(PAUSE)
        again = look(found.place, found.name)
        if again is None:
            return None
        if again.document == found.document and not used:
            break
        found = again
    return result
