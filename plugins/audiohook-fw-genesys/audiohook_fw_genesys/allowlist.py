"""`Allowlist`: keeps the addresses up to date, from Genesys, from the disk and from a file of your own."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final

from .address_book import AddressBook
from .errors import PlatformError
from .gate import Priority, Ticket
from .networks import Networks
from .ranges import Listing, Range, RangesError, misfit, read_file, read_ranges, select
from .settings import GenesysSettings

__all__ = ["DAY", "PATH", "Allowlist"]

logger = logging.getLogger(__name__)

DAY: Final = 86_400.0
PATH: Final = "/api/v2/ipranges"
_RETRY: Final = 60.0
"""Seconds until Genesys is asked again when there was no answer; then it doubles, up to the interval."""

Get = Callable[[str, Ticket, str], Awaitable[Any]]


class Allowlist:
    """The networks that may connect. For one event loop; files are read and written in threads.

    Args:
        get: asks the Platform API; `None` without credentials. clock: Unix seconds.
    """

    def __init__(
        self, settings: GenesysSettings, get: Get | None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._settings = settings
        self._get = get
        self._clock = clock
        self._book = AddressBook(settings.api if get else "", settings.ranges_grace_days * DAY)
        self._own: frozenset[Range] = frozenset()
        self._networks = Networks()
        self._failures = 0
        self._task: asyncio.Task[None] | None = None
        self._problem = self._own_problem = ""

    def __len__(self) -> int:
        return len(self._networks)

    @property
    def age(self) -> float | None:
        """Seconds since Genesys told the list; `None` when it never did, or is not asked."""
        return self._clock() - self._book.updated if self._get and self._book.updated else None

    @property
    def problem(self) -> str:
        """Why the list is not up to date; empty when it is."""
        return self._problem or self._own_problem

    def allows(self, address: str) -> bool:
        """Tell whether an address may connect."""
        if not len(self._networks):
            return self._settings.ranges_missing == "allow"
        return address in self._networks

    async def start(self) -> None:
        """Take what the disk has; then go on asking in a task of its own, for nobody is to wait for it."""
        if self._get is not None:
            try:
                await asyncio.to_thread(self._book.load, self._settings.ranges_store)
            except RangesError as error:
                logger.warning("the stored addresses are lost: %s", error)
        await self._read_own()
        self._compile()
        self._task = asyncio.create_task(self._run(), name="genesys-ranges")

    async def close(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            delay = await self._refresh()
            await asyncio.sleep(delay)
            await self._read_own()
            self._compile()

    async def _refresh(self) -> float:
        """Ask Genesys; return the seconds until the next time."""
        interval = self._settings.ranges_interval
        if self._get is None:
            return interval
        try:
            listing = read_ranges(await self._get(PATH, Ticket(Priority.WANTED), "ipranges"))
            _log_skipped("of Genesys' addresses", listing)
            if not listing.ranges:
                raise RangesError("the list is empty")
        except (PlatformError, RangesError) as error:
            self._problem = f"Genesys does not tell its addresses: {error}"
            logger.warning("%s; %s", self._problem, self._what_counts(self._book.ranges))
            self._failures += 1
            return float(min(interval, _RETRY * 2 ** min(self._failures - 1, 16)))
        self._failures, self._problem = 0, ""
        await self._take(listing)
        return interval

    async def _take(self, listing: Listing) -> None:
        added, removed = self._book.update(listing.ranges, self._clock())
        if added or removed:
            logger.info("Genesys' addresses: %d added, %d removed", len(added), len(removed))
        if problem := self._misfit(listing.ranges):
            self._problem = f"of Genesys' addresses {problem}"
            logger.error("%s", self._problem)
        self._compile()
        try:
            await asyncio.to_thread(self._book.save, self._settings.ranges_store)
        except OSError as error:
            store = self._settings.ranges_store
            logger.error("cannot write %s: %s; set plugins.genesys.ranges_store", store, error.strerror)

    async def _read_own(self) -> None:
        """Read the operator's own file; when nothing in it counts, what was read before counts on."""
        path = self._settings.ranges_file
        if path is None:
            return
        try:
            listing = await asyncio.to_thread(read_file, path)
            _log_skipped(f"in {path}", listing)
            problem = self._misfit(listing.ranges) if listing.ranges else "there is no address in it"
            if problem:
                raise RangesError(f"{path}: {problem}")
        except RangesError as error:
            self._own_problem = f"plugins.genesys.ranges_file: {error}"
            logger.error("%s; %s", self._own_problem, self._what_counts(self._own))
            return
        self._own, self._own_problem = listing.ranges, ""

    def _select(self, ranges: Collection[Range]) -> list[Range]:
        return select(ranges, self._settings.ranges_services, self._settings.ranges_regions)

    def _misfit(self, ranges: Collection[Range]) -> str:
        problem = misfit(ranges, self._settings.ranges_services, self._settings.ranges_regions)
        return problem and f"{problem} (plugins.genesys.ranges_services and ranges_regions)"

    def _what_counts(self, ranges: Collection[Range]) -> str:
        if count := len(self._select(ranges)):
            return f"the addresses known before count on ({count})"
        return self._misfit(ranges) or "no address was known before"

    def _compile(self) -> None:
        chosen = self._select({*self._own, *self._book.ranges})
        self._networks = Networks({entry.network for entry in chosen})


def _log_skipped(where: str, listing: Listing) -> None:
    if listing.skipped:
        logger.warning("%d entries %s are skipped: %s", listing.skipped, where, "; ".join(listing.reasons))
