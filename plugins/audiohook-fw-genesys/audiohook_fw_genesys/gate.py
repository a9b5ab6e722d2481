"""`Gate`: the budget of requests, and who goes first when it is short."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import IntEnum
from typing import Final

__all__ = ["WINDOW", "Gate", "Priority", "Ticket"]

WINDOW: Final = 61.0
"""Seconds in which requests are counted: one more than Genesys', since some take longer to arrive."""


_EARLY: Final = 0.001  # seconds that a timer may come too early, by rounding


class Priority(IntEnum):
    """Who goes first.

    Of one kind it is the newest, who can still be answered in time; but of `REFRESH` the oldest.
    """

    WANTED = 0
    """Somebody decides by it; tokens, addresses and names of queues, too."""
    FIRST = 1
    """The first look at a call."""
    REFRESH = 2
    """A further look."""


_SHARE: Final = {Priority.WANTED: 1.0, Priority.FIRST: 0.8, Priority.REFRESH: 0.6}
"""How much of the budget each may use up, so that something is left for who comes first."""


class Ticket:
    """One who asks, again and again; at one time it waits once at most.

    Attributes:
        priority: change it with `Gate.promote` while it waits.
    """

    __slots__ = ("priority",)

    def __init__(self, priority: Priority) -> None:
        self.priority = priority


class Gate:
    """Lets so many through in a minute, and so many at one time. For one event loop.

    Who waits costs an entry until it is let through or cancelled: there are as many as conversations.

    Args:
        per_minute: requests in `WINDOW`. at_once: requests at one time.
    """

    def __init__(self, per_minute: int, at_once: int) -> None:
        self._limits = {p: max(1, int(per_minute * share)) for p, share in _SHARE.items()}
        self._at_once = at_once
        self._running = 0
        self._starts: deque[float] = deque()
        self._waiting: dict[Priority, dict[Ticket, asyncio.Future[None]]] = {p: {} for p in Priority}
        self._closed_until = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def turn(self, ticket: Ticket) -> AsyncIterator[None]:
        """Wait for a turn, and have it while the block runs. Cancelling is safe.

        Raises:
            Exception: what `refuse` was called with.
        """
        future = asyncio.get_running_loop().create_future()
        self._waiting[ticket.priority][ticket] = future
        self._serve()
        try:
            await future
        except BaseException:
            self._waiting[ticket.priority].pop(ticket, None)
            if future.done() and not future.cancelled() and future.exception() is None:
                self._leave()  # cancelled in the moment it was let through
            raise
        try:
            yield
        finally:
            self._leave()

    def promote(self, ticket: Ticket, priority: Priority) -> None:
        """Give a ticket another priority, also while it waits."""
        future = self._waiting[ticket.priority].pop(ticket, None)
        ticket.priority = priority
        if future is not None:
            self._waiting[priority][ticket] = future
            self._serve()

    def close_for(self, seconds: float) -> None:
        """Let nobody through for so long: Genesys said so."""
        self._closed_until = max(self._closed_until, asyncio.get_running_loop().time() + seconds)

    def refuse(self, error: Exception) -> None:
        """Send everybody away who waits."""
        for waiting in self._waiting.values():
            while waiting:
                _, future = waiting.popitem()
                if not future.done():
                    future.set_exception(error)

    def stop(self) -> None:
        """Let go of the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _leave(self) -> None:
        self._running -= 1
        self._serve()

    def _serve(self) -> None:
        now = asyncio.get_running_loop().time() + _EARLY
        while self._starts and self._starts[0] + WINDOW <= now:
            self._starts.popleft()
        for priority, waiting in self._waiting.items():
            while waiting and self._may_pass(priority, now):
                ticket = next(iter(waiting) if priority is Priority.REFRESH else reversed(waiting))
                future = waiting.pop(ticket)
                if not future.done():
                    self._running += 1
                    self._starts.append(now)
                    future.set_result(None)
        self._set_timer(now)

    def _may_pass(self, priority: Priority, now: float) -> bool:
        is_free = self._running < self._at_once and len(self._starts) < self._limits[priority]
        return is_free and now >= self._closed_until

    def _set_timer(self, now: float) -> None:
        """Look again when the next one may pass; who leaves looks, too."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.waiting and self._running < self._at_once:
            due = self._closed_until if now < self._closed_until else self._starts[0] + WINDOW
            self._timer = asyncio.get_running_loop().call_at(due, self._serve)
