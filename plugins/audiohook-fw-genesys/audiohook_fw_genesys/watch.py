"""`Watch`: one conversation, looked at again and again for as long as calls of it are there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from audiohook_fw import Session

from .conversation import ConversationState
from .errors import Outcome, PlatformError
from .gate import Gate, Priority, Ticket
from .metrics import GenesysMetrics
from .queue_names import QueueNames
from .settings import GenesysSettings

__all__ = ["Read", "Watch"]

logger = logging.getLogger(__name__)

_UNKNOWN_TRIES: Final = 3
"""Looks at a conversation that Genesys does not know: it may be younger there than here."""
_LONGEST: Final = 30.0
"""Seconds between two looks at most while there is no queue, unless calls are looked at less often anyway."""
_LOOKS: Final = 8
"""Looks for a queue in all when running calls are not looked at again."""
_AT_ONCE: Final = frozenset({Outcome.DOWN, Outcome.FORBIDDEN, Outcome.UNAUTHORIZED})
"""Outcomes that another try within `lookup_timeout` does not change."""

Read = Callable[[str, Ticket], Awaitable[ConversationState]]


class Watch:
    """What is known of a conversation, and the calls that are told: retries and integrations share one.

    Args:
        id_: the conversation's. read: looks at it. names: of queues, where the conversation does not tell it.
        gate: where it waits.

    Attributes:
        calls: those that are told, by session id. state: as it was last seen.
        lookup: `pending`, `found`, `none` or `failed`.
    """

    def __init__(
        self,
        id_: str,
        read: Read,
        names: QueueNames,
        gate: Gate,
        settings: GenesysSettings,
        metrics: GenesysMetrics,
    ) -> None:
        self.id: Final = id_
        self.calls: Final[dict[str, Session]] = {}
        self.state: ConversationState | None = None
        self.lookup = "pending"
        self._read = read
        self._names = names
        self._gate = gate
        self._settings = settings
        self._metrics = metrics
        self._ticket = Ticket(Priority.FIRST)
        self._wanted = False
        self._looks = 0  # without a queue, in a row
        self._looked = float("-inf")
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def add(self, session: Session, *, wanted: bool) -> None:
        """Tell a call from now on, and begin to look if nobody does."""
        self.calls[session.id] = session
        _tell(session, self._facts())
        if wanted:
            self.want()
        if self._task is None:
            delay = self._pause_after(self.state) if self.is_fresh else 0.0
            if delay is not None:
                self._start(delay)

    def want(self) -> None:
        """Look first and soon: somebody decides by the queue."""
        self._wanted = True
        if not self._has_queue:
            self._gate.promote(self._ticket, Priority.WANTED)
            if self._loop.time() - self._looked >= self._settings.retry_delay:
                self._wake.set()

    def remove(self, session: Session) -> None:
        """Tell a call no more; with the last one the looking ends."""
        self.calls.pop(session.id, None)
        if not self.calls:
            self.stop()

    def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._deadline is not None:
            self._deadline.cancel()

    @property
    def task(self) -> asyncio.Task[None] | None:
        """What looks at present."""
        return self._task

    @property
    def is_fresh(self) -> bool:
        """Whether what is known is no older than `cache_seconds`."""
        return self._loop.time() - self._looked < self._settings.cache_seconds

    @property
    def _has_queue(self) -> bool:
        return self.state is not None and bool(self.state.queue_id)

    def _start(self, delay: float) -> None:
        self._looks = 0
        if self.lookup == "pending":
            self._began = self._loop.time()
            self._deadline = self._loop.call_later(self._settings.lookup_timeout, self._give_up)
        self._task = self._loop.create_task(self._run(delay), name="genesys-watch")
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._task is task:
            self._task = None
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("looking at a conversation failed", exc_info=error)
            self._settle("failed", "of a fault in this plugin")

    async def _run(self, first_delay: float) -> None:
        delay: float | None = first_delay
        while delay is not None:
            self._wake.clear()
            if delay:
                await _wait(self._wake, delay)
            try:
                self.state = await self._read(self.id, self._ticket)
            except PlatformError as error:
                delay = self._missed(error)
            else:
                await self._seen(self.state)
                delay = self._pause_after(self.state)
            self._looked = self._loop.time()
            self._gate.promote(self._ticket, self._priority)

    @property
    def _priority(self) -> Priority:
        if self._has_queue or self.lookup == "failed":  # whoever waited decided without it
            return Priority.REFRESH
        return Priority.WANTED if self._wanted else Priority.FIRST if self._looks < 2 else Priority.REFRESH

    async def _seen(self, state: ConversationState) -> None:
        """Tell what was seen, and at once: only `found` waits for the queue's name."""
        if state.queue_id:
            self._looks = 0
            if not state.queue_name:
                self.state = replace(state, queue_name=self._names.last_known(state.queue_id))
                self._tell_all()
                self.state = replace(state, queue_name=await self._names.name_of(state.queue_id))
        self._settle("found" if state.queue_id else "none")
        self._tell_all()

    def _pause_after(self, state: ConversationState | None) -> float | None:
        """Return the seconds from a look that saw this to the next one, `None` for no more."""
        if state is None or state.ended:
            return None
        if state.queue_id:
            return self._settings.refresh_interval or None
        delay = self._next_delay()
        return delay if self._settings.refresh_interval or self._looks < _LOOKS else None

    def _missed(self, error: PlatformError) -> float | None:
        """Tell that there is no answer, once that is clear; return as `_pause_after` does."""
        delay: float | None = self._next_delay()
        is_unknown = error.outcome is Outcome.NOT_FOUND and self._looks >= _UNKNOWN_TRIES
        if is_unknown or error.outcome in _AT_ONCE:
            self._settle("failed", str(error))
        if is_unknown or error.outcome is Outcome.FORBIDDEN:
            return None
        return delay

    def _next_delay(self) -> float:
        delay = self._settings.retry_delay * 2 ** min(self._looks, 16)
        self._looks += 1
        return float(min(delay, max(self._settings.refresh_interval, _LONGEST)))

    def _give_up(self) -> None:
        if self._has_queue:
            self._settle("found")  # its name takes too long
            self._tell_all()
        else:
            self._settle("failed", "there was no answer in time")
        self._gate.promote(self._ticket, self._priority)

    def _settle(self, lookup: str, problem: str = "") -> None:
        """Note the first word on the queue; what comes after a failure may still be better."""
        first, known = self.lookup == "pending", self.lookup in ("found", "none")
        if lookup == "failed" and known:
            return
        self.lookup = lookup
        if first:
            self._metrics.lookup(self._loop.time() - self._began, lookup)
            if self._deadline is not None:
                self._deadline.cancel()
            if lookup == "failed":
                logger.info("the queue of conversation %s is not known: %s", self.id, problem)
                self._tell_all()

    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"lookup": self.lookup}
        if (state := self.state) is not None:
            facts |= {
                "agent_id": state.agent_id,
                "on_hold": state.on_hold,
                "secure_pause": state.secure_pause,
            }
            if state.queue_id:
                facts |= {"queue_id": state.queue_id, "queue_name": state.queue_name}
        return facts

    def _tell_all(self) -> None:
        facts = self._facts()
        for session in tuple(self.calls.values()):
            _tell(session, facts)


def _tell(session: Session, facts: dict[str, Any]) -> None:
    if session.state != "ended":
        session.update_context(**facts)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
