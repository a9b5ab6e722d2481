"""The results that wait to be sent to the client: bounded, interims first to go, finals last."""

from __future__ import annotations

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
    first: bool
    size: int


class EntityQueue:
    """Entities in order of arrival.

    A newer result replaces a waiting interim of the same utterance. When the queue is full the
    oldest interim goes first, then the oldest result, urgent ones last.

    Attributes:
        replaced, dropped, merged: totals. cleared: dropped because the end came.
    """

    __slots__ = ("_limit", "_queue", "cleared", "dropped", "merged", "replaced")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._queue: list[_Waiting] = []  # an empty deque is 760 bytes, and most calls never send a result
        self.replaced = 0
        self.dropped = 0
        self.merged = 0
        self.cleared = 0

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def urgent(self) -> bool:
        """Whether one waits that was put before all others."""
        return bool(self._queue) and self._queue[0].first

    def put(
        self, entity: WireEntity, *, replaces: str = "", interim: bool = False, first: bool = False
    ) -> None:
        """Take an entity; `first` puts it before all others (`barge_in`).

        Raises:
            ValueError: when it holds something that JSON cannot express.
        """
        item = _Waiting(entity, replaces, interim, first, len(entity.model_dump_json().encode()))
        if replaces:
            stale = [other for other in self._queue if other.replaces == replaces]
            for other in stale:
                if other.interim or other.first:
                    self._queue.remove(other)
                    self.replaced += 1
        if first:
            self._queue.insert(0, item)
        else:
            self._queue.append(item)
        if len(self._queue) > self._limit:
            self._drop()

    def _drop(self) -> None:
        interim = next((item for item in self._queue if item.interim), None)
        oldest = next((item for item in self._queue if not item.first), self._queue[0])
        self._queue.remove(interim or oldest)
        self.dropped += 1

    def pop(self) -> EventMessage:
        """Return the next message; raises `IndexError` when nothing waits."""
        merge = len(self._queue) >= MERGE_FROM
        item = self._queue.pop(0)
        entities, size = [item.entity], item.size
        while merge and self._queue and size + self._queue[0].size <= MERGE_BYTES:
            item = self._queue.pop(0)
            entities.append(item.entity)
            size += item.size
            self.merged += 1
        return EventMessage(entities=entities)

    def clear(self) -> None:
        """Drop everything."""
        self.cleared += len(self._queue)
        self._queue.clear()
