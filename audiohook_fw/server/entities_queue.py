"""The results that wait to be sent to the client: bounded, interims first to go, finals last."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from audiohook_fw.protocol import EventMessage, WireEntity

__all__ = ["EntityQueue"]

MERGE_FROM: Final = 8
"""Waiting results from which on several go into one message: below it each keeps its own."""
MERGE_BYTES: Final = 32_000
"""A merged message stays well below the protocol's 64,000 bytes."""


@dataclass(slots=True, eq=False)
class _Waiting:
    entity: WireEntity
    replaces: str
    interim: bool
    size: int


class EntityQueue:
    """Entities in order of arrival.

    A newer result replaces a waiting interim of the same utterance. When the queue is full the
    oldest interim goes first, then the oldest result.

    Attributes:
        replaced, dropped, merged: totals.
    """

    __slots__ = ("_limit", "_queue", "dropped", "merged", "replaced")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._queue: deque[_Waiting] = deque()
        self.replaced = 0
        self.dropped = 0
        self.merged = 0

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, entity: WireEntity, *, replaces: str, interim: bool, first: bool = False) -> None:
        """Take an entity; `first` puts it before all others (`barge_in`)."""
        if replaces:
            stale = [item for item in self._queue if item.interim and item.replaces == replaces]
            for item in stale:
                self._queue.remove(item)
            self.replaced += len(stale)
        item = _Waiting(entity, replaces, interim, len(entity.model_dump_json()))
        if first:
            self._queue.appendleft(item)
        else:
            self._queue.append(item)
        if len(self._queue) > self._limit:
            self._queue.remove(next((item for item in self._queue if item.interim), self._queue[0]))
            self.dropped += 1

    def pop(self) -> EventMessage:
        """Return the next message; raises `IndexError` when nothing waits."""
        merge = len(self._queue) >= MERGE_FROM
        item = self._queue.popleft()
        entities, size = [item.entity], item.size
        while merge and self._queue and size + self._queue[0].size <= MERGE_BYTES:
            item = self._queue.popleft()
            entities.append(item.entity)
            size += item.size
            self.merged += 1
        return EventMessage(entities=entities)

    def clear(self) -> None:
        """Drop everything; counted as dropped."""
        self.dropped += len(self._queue)
        self._queue.clear()
