"""`Lookups`: which conversation each call belongs to, and what is looked at at all. All of it is bounded."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

from audiohook_fw import Session

from .client import PlatformClient
from .conversation import ConversationState, read_conversation
from .gate import Ticket
from .metrics import GenesysMetrics
from .queue_names import QueueNames
from .settings import GenesysSettings
from .watch import Watch

__all__ = ["Lookups"]

_IDLE: Final = 1_000
"""Conversations that are kept without a call, for retries and reconnects."""


class Lookups:
    """A `Watch` for each conversation with calls, and for some whose calls are over.

    Args:
        client: asks.
    """

    def __init__(self, client: PlatformClient, settings: GenesysSettings, metrics: GenesysMetrics) -> None:
        self._client = client
        self._settings = settings
        self._metrics = metrics
        self._names = QueueNames(client)
        self._watches: dict[str, Watch] = {}
        self._idle: OrderedDict[str, Watch] = OrderedDict()
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def conversations(self) -> int:
        """How many are looked at."""
        return len(self._watches)

    def covers(self, session: Session) -> bool:
        """Tell whether calls of its organization are looked up."""
        organizations = self._settings.organizations
        return not organizations or session.organization_id.lower() in map(str.lower, organizations)

    def add(self, session: Session) -> None:
        """Look at a call's conversation, if the settings say so, or once somebody wants its queue."""
        wanted = session.context.get("queue_wanted") is True
        if self._settings.lookup == "wanted" and not wanted:
            return
        self._watch_of(session.conversation_id.lower()).add(session, wanted=wanted)

    def want(self, session: Session) -> None:
        """Look at a call's conversation first and soon."""
        watch = self._watches.get(session.conversation_id.lower())
        if watch is not None and session.id in watch.calls:
            watch.want()
        else:
            self.add(session)

    def remove(self, session: Session) -> None:
        """Tell a call no more."""
        id_ = session.conversation_id.lower()
        watch = self._watches.get(id_)
        if watch is None:
            return
        task = watch.task
        watch.remove(session)
        if not watch.calls:
            if task is not None:  # it is cancelled, and over in a moment
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)
            del self._watches[id_]
            if watch.state is not None:
                self._idle[id_] = watch
        self._forget()

    async def close(self) -> None:
        """Look no more."""
        tasks = [watch.task for watch in self._watches.values() if watch.task is not None]
        for watch in self._watches.values():
            watch.stop()
        await asyncio.gather(*tasks, *self._ending, return_exceptions=True)
        await self._names.close()

    def _watch_of(self, id_: str) -> Watch:
        watch = self._watches.get(id_) or self._idle.pop(id_, None)
        if watch is None or (not watch.calls and not watch.is_fresh):
            watch = Watch(id_, self._read, self._names, self._client.gate, self._settings, self._metrics)
        self._watches[id_] = watch
        return watch

    def _forget(self) -> None:
        """Drop what was kept for long enough, the oldest first."""
        while self._idle:
            oldest = next(iter(self._idle.values()))
            if oldest.is_fresh and len(self._idle) <= _IDLE:
                return
            self._idle.popitem(last=False)

    async def _read(self, id_: str, ticket: Ticket) -> ConversationState:
        state = read_conversation(
            await self._client.get(f"/api/v2/conversations/{id_}", ticket, "conversation")
        )
        if state.queue_name:
            self._names.learn(state.queue_id, state.queue_name)
        return state
