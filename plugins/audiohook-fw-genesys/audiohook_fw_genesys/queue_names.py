"""`QueueNames`: the names of queues, asked for once an hour each."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import Final, Protocol
from urllib.parse import quote

from .errors import Outcome, PlatformError
from .gate import Priority, Ticket

__all__ = ["Client", "QueueNames"]

logger = logging.getLogger(__name__)

_FRESH: Final = 3600.0
_UNKNOWN: Final = 60.0  # seconds until a name that could not be found out is asked for again
_KEPT: Final = 1_000


class Client(Protocol):
    """What is needed of a `PlatformClient`."""

    async def get(self, path: str, ticket: Ticket, kind: str) -> object:
        """Return the decoded JSON of a GET request, or raise `PlatformError`."""


class QueueNames:
    """At most 1,000 names; who asks for one that is being asked for waits with the other."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[str]] = {}

    def learn(self, queue_id: str, name: str) -> None:
        """Keep a name that was told elsewhere."""
        self._keep(queue_id, name, _FRESH)

    def last_known(self, queue_id: str) -> str:
        """Return a queue's name as far as it is known, empty when it is not."""
        return self._known.get(queue_id, ("", 0.0))[0]

    async def name_of(self, queue_id: str) -> str:
        """Return a queue's name, empty when it cannot be found out. Cancelling is safe."""
        known = self._known.get(queue_id)
        if known is not None and asyncio.get_running_loop().time() < known[1]:
            return known[0]
        if queue_id not in self._asking:
            self._asking[queue_id] = asyncio.create_task(self._ask(queue_id), name="genesys-queue-name")
        return await asyncio.shield(self._asking[queue_id])

    async def close(self) -> None:
        """Ask no more."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _ask(self, queue_id: str) -> str:
        path = f"/api/v2/routing/queues/{quote(queue_id, safe='')}"
        try:
            answer = await self._client.get(path, Ticket(Priority.WANTED), "queue")
            name = answer.get("name") if isinstance(answer, dict) else None
            if not isinstance(name, str):
                raise PlatformError(Outcome.GARBAGE, "the answer about a queue has no name")
            self._keep(queue_id, name, _FRESH)
        except PlatformError as error:
            name = self.last_known(queue_id)
            logger.warning("the name of queue %s cannot be found out: %s", queue_id, error)
            self._keep(queue_id, name, _UNKNOWN)
        finally:
            del self._asking[queue_id]
        return name

    def _keep(self, queue_id: str, name: str, seconds: float) -> None:
        self._known[queue_id] = name, asyncio.get_running_loop().time() + seconds
        self._known.move_to_end(queue_id)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
