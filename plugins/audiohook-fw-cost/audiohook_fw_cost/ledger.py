"""`Ledger`: the calls of this process. One timer saves what runs, judges budgets, and shows totals."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from .budgets import Budgets
from .figures import MICRO, Tariff
from .reasons import Reason
from .rows import CallRow
from .schema import SchemaError
from .settings import CostSettings
from .store import SpentToday, Store
from .totals import Totals
from .writer import Writer

__all__ = ["Ledger", "LiveCall"]

AT_ONCE: Final = 100
"""Calls that are looked at without letting anybody else have a turn."""


class LiveCall(Protocol):
    """A call that is being metered."""

    @property
    def holding(self) -> Iterable[Reason]:
        """Why this plugin holds the call's stream; nothing when it does not."""

    def row(self) -> CallRow:
        """Return the call as it stands."""

    def look(self, day: str) -> None:
        """Go over to another day, and see whether the budget is used up."""


class Ledger:
    """All live calls, and what is known of those that ended. Use it in the event loop, but for `load`.

    The timer runs while there are calls, once in `save_seconds` for all of them.

    Args:
        now: wall time, with a time zone.

    Attributes:
        budgets, totals, writer: its parts. live: the calls that run. tariff: as configured.
        holding: how many calls are paused for each reason, as of the last look.
    """

    def __init__(
        self, settings: CostSettings, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.budgets = Budgets(settings.budgets)
        self.totals = Totals()
        self.writer = Writer(settings.database)
        self.live: set[LiveCall] = set()
        price = int(settings.price_per_minute * MICRO)
        self.tariff = Tariff(price, settings.currency, settings.server_pause_billed)
        self.holding: Counter[Reason] = Counter()
        self._zone = ZoneInfo(settings.time_zone)
        self._database: Path = settings.database
        self._seconds = settings.save_seconds
        self._now = now
        self._keep = timedelta(days=settings.keep_days)
        self._timer: asyncio.Handle | None = None
        self._day = self.day
        self._left: Iterator[LiveCall] = iter(())
        self._seen: dict[LiveCall, CallRow] = {}

    @property
    def day(self) -> str:
        """Today, in the configured time zone."""
        return self._today().isoformat()

    def load(self) -> list[SpentToday]:
        """Make or open the file, and return what today cost so far; nothing if that fails. Blocks."""
        try:
            self._database.parent.mkdir(parents=True, exist_ok=True)
            with Store(self._database) as store:
                return store.spent(self.day)
        except (OSError, sqlite3.Error, SchemaError) as error:
            self.writer.report(error)
            return []

    def add(self, call: LiveCall) -> None:
        """Take a call that begins."""
        if not self.live and self.budgets:
            self.budgets.look(self.day, ())  # nobody looked while there were no calls
        self.live.add(call)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._look)

    def finish(self, call: LiveCall, row: CallRow) -> None:
        """Take the last figures of a call."""
        self.live.discard(call)
        self.writer.save((row,))
        self.totals.finished(row)
        if self.budgets:
            self.budgets.finished(row)
        if not self.live and self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._show(())

    def _today(self) -> date:
        return self._now().astimezone(self._zone).date()

    def _look(self) -> None:
        """Begin a round: a few calls at a time, so that nobody waits for all of them."""
        self.writer.keep_from = (self._today() - self._keep).isoformat()
        self._left = iter(tuple(self.live))
        self._seen = {}
        self._look_at_some()

    def _look_at_some(self) -> None:
        loop = asyncio.get_running_loop()
        some = tuple(islice(self._left, AT_ONCE))
        if some:
            self._timer = loop.call_soon(self._look_at_some)
            rows = {call: call.row() for call in some if call in self.live}
            self.writer.save(rows.values())
            self._seen |= rows
        else:
            self._timer = loop.call_later(self._seconds, self._look)
            self._judge([row for call, row in self._seen.items() if call in self.live])
            self._seen = {}

    def _judge(self, rows: Sequence[CallRow]) -> None:
        self._show(rows)
        day, before = self.day, self.budgets.used_up
        if self.budgets:
            self.budgets.look(day, rows)
        if day != self._day or self.budgets.used_up != before:
            self._day = day
            for call in tuple(self.live):
                call.look(day)

    def _show(self, rows: Iterable[CallRow]) -> None:
        self.totals.publish(rows)
        self.holding = Counter(reason for call in self.live for reason in call.holding)
