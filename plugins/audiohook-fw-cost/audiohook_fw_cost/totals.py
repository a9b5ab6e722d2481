"""`Totals`: the figures of all calls by key since the server was started, for metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from .figures import MICRO, Spent
from .rows import CallRow

__all__ = ["OTHER", "KeyTotals", "Totals"]

KEYS: Final = 1_000
"""Keys that are told apart; credentials of plugins may have any number of names."""
OTHER: Final = "other"


@dataclass(slots=True)
class KeyTotals:
    """Numbers that only grow: seconds by what they were spent in, and money."""

    seconds: dict[Spent, float] = field(default_factory=lambda: dict.fromkeys(Spent, 0.0))
    cost: float = 0.0
    saved: float = 0.0

    def add(self, row: CallRow) -> None:
        """Count a call."""
        for leg in row.legs:
            for spent, samples in zip(Spent, leg.figures.values, strict=True):
                if samples:
                    self.seconds[spent] += samples / row.facts.rate
            self.cost += leg.cost / MICRO
            self.saved += leg.saved / MICRO

    def copy(self) -> KeyTotals:
        """Return a copy."""
        return KeyTotals(dict(self.seconds), self.cost, self.saved)

    def raise_to(self, floor: KeyTotals) -> None:
        """Be no less than `floor`: a pause that lasts is an estimate, and counters must not fall."""
        for spent, seconds in floor.seconds.items():
            self.seconds[spent] = max(self.seconds[spent], seconds)
        self.cost = max(self.cost, floor.cost)
        self.saved = max(self.saved, floor.saved)


class Totals:
    """What has ended, and what runs.

    Attributes:
        published: as of the last `publish`, by key; replaced as a whole, so that any thread may read it.
    """

    def __init__(self) -> None:
        self.published: Mapping[str, KeyTotals] = {}
        self._done: dict[str, KeyTotals] = {}

    def finished(self, row: CallRow) -> None:
        """Count a call that has ended."""
        self._of(self._done, row.facts.key).add(row)

    def publish(self, rows: Iterable[CallRow]) -> None:
        """Show the totals together with the calls that run."""
        totals = {key: done.copy() for key, done in self._done.items()}
        for row in rows:
            self._of(totals, row.facts.key).add(row)
        for key, before in self.published.items():
            self._of(totals, key).raise_to(before)
        self.published = totals

    @staticmethod
    def _of(totals: dict[str, KeyTotals], key: str) -> KeyTotals:
        if key not in totals and len(totals) >= KEYS:
            key = OTHER
        return totals.setdefault(key, KeyTotals())
