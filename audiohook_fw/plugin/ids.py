"""Ids of events: random, unless a call is replayed, where they are the same each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

__all__ = ["ids_from", "new_id"]


def _random() -> str:
    return str(uuid4())


_source: Callable[[], str] = _random


def new_id() -> str:
    """Return an id that nothing else has."""
    return _source()


@contextmanager
def ids_from(source: Callable[[], str]) -> Iterator[None]:
    """Take the ids of this process, in whatever thread, from a function for a while."""
    global _source  # plugins make events in threads, too, which no context variable reaches
    before, _source = _source, source
    try:
        yield
    finally:
        _source = before
