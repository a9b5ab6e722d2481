"""`Budgets`: what the calls of a queue may cost a day, and whether it is used up. Plain numbers, no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from .figures import MICRO
from .rows import CallRow
from .store import SpentToday

__all__ = ["ALL", "Budgets"]

ALL: Final = "*"


class Budgets:
    """The budgets of this server, by queue id or name, or `*` for all calls together.

    Args:
        limits: money per day.

    Attributes:
        used_up: the names of budgets that are used up, as of the last `look`.
    """

    def __init__(self, limits: Mapping[str, Decimal]) -> None:
        self.used_up: frozenset[str] = frozenset()
        self._limits = {name.casefold(): int(limit * MICRO) for name, limit in limits.items()}
        self._done: Counter[tuple[str, str]] = Counter()

    def __bool__(self) -> bool:
        return bool(self._limits)

    @property
    def by_queue(self) -> bool:
        """Whether somebody has to find out the queues of calls."""
        return any(name != ALL for name in self._limits)

    def start(self, day: str, spent: Iterable[SpentToday]) -> None:
        """Begin a day with what it cost already, before this server was started."""
        for queue_id, queue_name, cost in spent:
            self._add(self._done, day, queue_id, queue_name, cost)
        self.look(day, ())

    def finished(self, row: CallRow) -> None:
        """Count a call that has ended."""
        self._count(self._done, row)

    def look(self, day: str, rows: Iterable[CallRow]) -> None:
        """Judge the day, together with the calls that still run."""
        self._done = Counter({at: cost for at, cost in self._done.items() if at[0] == day})
        spent = self._done.copy()
        for row in rows:
            self._count(spent, row)
        self.used_up = frozenset(name for name, limit in self._limits.items() if spent[day, name] >= limit)

    def is_used_up(self, queue_id: str, queue_name: str) -> bool:
        """Whether a budget that a call in this queue falls under is used up."""
        return any(name in self.used_up for name in self._names(queue_id, queue_name))

    def _names(self, queue_id: str, queue_name: str) -> set[str]:
        return {ALL, queue_id.casefold(), queue_name.casefold()} & self._limits.keys()

    def _count(self, spent: Counter[tuple[str, str]], row: CallRow) -> None:
        for leg in row.legs:
            self._add(spent, leg.day, leg.queue_id, leg.queue_name, leg.cost)

    def _add(self, spent: Counter[tuple[str, str]], day: str, queue_id: str, name: str, cost: int) -> None:
        for budget in self._names(queue_id, name):
            spent[day, budget] += cost
