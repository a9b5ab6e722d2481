"""The results that wait to be sent to the client: bounded, interims first to go, finals last.

Each leaves in a message of its own, finals before interims: Genesys wants one utterance per `event`.
Several go into one message only where some would be lost otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from audiohook_fw.protocol import EventMessage, WireEntity

__all__ = ["EntityQueue"]

MERGE_BYTES: Final = 56_000
"""A merged message stays below the protocol's 64,000 bytes."""
FINISHED: Final = 64
"""Utterances that are remembered as finished: an interim of one comes late, a second final twice."""


@dataclass(slots=True, eq=False)
class _Waiting:
    entity: WireEntity
    replaces: str
    interim: bool
    first: bool
    size: int


class EntityQueue:
    """Entities in order of arrival, finals before interims.

    A newer result replaces a waiting interim of the same utterance; after its final nothing of an
    utterance is taken any more. When the queue is full the oldest interim goes first, then the oldest
    result, urgent ones last.

    Attributes:
        replaced, dropped, merged: totals. lost: the part of `dropped` that were no interims.
        duplicates: second finals of one utterance. cleared: dropped because the end came.
    """

    __slots__ = (
        "_finished",
        "_limit",
        "_queue",
        "cleared",
        "dropped",
        "duplicates",
        "lost",
        "merged",
        "replaced",
    )

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._queue: list[_Waiting] = []  # an empty deque is 760 bytes, and most calls never send a result
        self._finished: list[str] = []
        self.replaced = 0
        self.dropped = 0
        self.lost = 0
        self.duplicates = 0
        self.merged = 0
        self.cleared = 0

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def urgent(self) -> bool:
        """Whether one waits that was put before all others."""
        return bool(self._queue) and self._queue[0].first

    @property
    def crowded(self) -> bool:
        """Whether the queue is more than half full: then one message for each is too slow."""
        return len(self._queue) > self._limit // 2

    @property
    def has_final(self) -> bool:
        """Whether the next message is no interim."""
        return any(not item.interim for item in self._queue)

    def put(
        self, entity: WireEntity, *, replaces: str = "", interim: bool = False, first: bool = False
    ) -> None:
        """Take an entity; `first` puts it before all others (`barge_in`).

        Raises:
            ValueError: when it holds something that JSON cannot express.
        """
        item = _Waiting(entity, replaces, interim, first, len(entity.model_dump_json().encode()))
        if replaces and not first and self._is_over(item):
            return
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

    def _is_over(self, item: _Waiting) -> bool:
        """Tell whether the utterance is finished already, and note it when this finishes it."""
        if item.replaces in self._finished:
            if item.interim:
                self.replaced += 1
            else:
                self.duplicates += 1
            return True
        if not item.interim:
            self._finished = [*self._finished[1 - FINISHED :], item.replaces]
        return False

    def _drop(self) -> None:
        interim = next((item for item in self._queue if item.interim), None)
        oldest = next((item for item in self._queue if not item.first), self._queue[0])
        self._queue.remove(interim or oldest)
        self.dropped += 1
        self.lost += interim is None

    def pop(self, *, merge: bool = False) -> EventMessage:
        """Return the next message; raises `IndexError` when nothing waits.

        Args:
            merge: put as many finals into it as there is room for.
        """
        item = self._take()
        entities, size = [item.entity], item.size
        while merge and not item.interim and self.has_final:
            if size + self._next().size > MERGE_BYTES:
                break
            item = self._take()
            entities.append(item.entity)
            size += item.size
            self.merged += 1
        return EventMessage(entities=entities)

    def _next(self) -> _Waiting:
        return next((item for item in self._queue if not item.interim), None) or self._queue[0]

    def _take(self) -> _Waiting:
        item = self._next()
        self._queue.remove(item)
        return item

    def clear(self, *, finals: bool = True) -> None:
        """Drop everything, or interims only."""
        left = [] if finals else [item for item in self._queue if not item.interim]
        self.cleared += len(self._queue) - len(left)
        self._queue = left
