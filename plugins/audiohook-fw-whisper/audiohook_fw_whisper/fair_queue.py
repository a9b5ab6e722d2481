"""`FairQueue`: whose piece of speech comes next."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

__all__ = ["FairQueue"]

T = TypeVar("T")


class FairQueue(Generic[T]):
    """The calls in turn, however much one of them has waiting; what is of one call stays in order."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, deque[T]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._calls.values()))

    def put(self, call: str, item: T) -> None:
        """Add an item at the end of its call's."""
        self._calls.setdefault(call, deque()).append(item)

    def put_back(self, call: str, item: T) -> None:
        """Add an item that had its turn already, as the next one of all."""
        self._calls.setdefault(call, deque()).appendleft(item)
        self._calls.move_to_end(call, last=False)

    def take(self) -> T | None:
        """Take the next item, or `None` when none waits."""
        for call, items in self._calls.items():
            item = items.popleft()
            self._calls.move_to_end(call)
            if not items:
                del self._calls[call]
            return item
        return None

    def remove(self, call: str, item: T) -> bool:
        """Take this item out; tell whether it waited."""
        items = self._calls.get(call)
        if items is None or item not in items:
            return False
        items.remove(item)
        if not items:
            del self._calls[call]
        return True
