"""The events that plugins emitted and nobody has seen yet: in order, bounded, worked off in turns.

Plugins that answer every event with several make far more of them than the bound on hops alone would stop.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Final

from .events import Event

__all__ = ["MAX_HOPS", "MAX_WAITING", "TURN", "EmitQueue"]

MAX_HOPS: Final = 8
"""How often events may call forth events before the chain is cut."""

MAX_WAITING: Final = 1_000
"""How many emitted events of one plugin in one call may wait to be delivered."""

TURN: Final = 64
"""How many of them are delivered before the loop gets a turn."""


class EmitQueue:
    """What one call's plugins emitted; `deliver` gets each event, its emitter and its hops, and never raises.

    One that is put in while nothing waits is delivered at once; one that comes while another is being
    delivered, or while some wait for the loop's next turn, waits behind them. While the queue is held, all
    wait.
    """

    __slots__ = ("_context", "_deliver", "_handle", "_held", "_of", "_running", "_waiting")

    def __init__(self, deliver: Callable[[Event, str, int], object], context: contextvars.Context) -> None:
        self._deliver = deliver
        self._context = context
        self._waiting: list[tuple[Event, str, int]] = []  # short, mostly empty: a deque has 760 bytes
        self._of: dict[str, int] = {}
        self._running = False
        self._held = 0
        self._handle: asyncio.Handle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, event: Event, emitter: str, hops: int) -> bool:
        """Add an event and deliver what can be delivered now; `False` when too many of its emitter wait."""
        waiting = self._of.get(emitter, 0)
        if waiting >= MAX_WAITING:
            return False
        self._of[emitter] = waiting + 1
        self._waiting.append((event, emitter, hops))
        self._go_on()
        return True

    def hold(self) -> None:
        """Deliver nothing until `release`, as often as `hold` was called."""
        self._held += 1

    def release(self) -> None:
        """Take back one `hold`; with the last, deliver what has come meanwhile."""
        self._held -= 1
        if self._waiting:
            self._go_on()

    def _go_on(self) -> None:
        if not self._running and not self._held and self._handle is None:
            self._turn()

    def clear(self) -> None:
        """Drop what waits."""
        self._waiting.clear()
        self._of.clear()
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _turn(self) -> None:
        self._handle = None
        self._running = True
        try:
            for _ in range(TURN):
                if not self._waiting:
                    break
                event, emitter, hops = self._waiting.pop(0)
                self._of[emitter] -= 1
                self._deliver(event, emitter, hops)
        finally:
            self._running = False
            if self._waiting:
                loop = asyncio.get_running_loop()
                self._handle = loop.call_soon(self._turn, context=self._context)
