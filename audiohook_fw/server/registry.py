"""The registry: every live connection, which calls are taken, and whether new ones still are."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audiohook_fw.plugin import CallDispatch
    from audiohook_fw.session import Session

    from .connection import Connection

__all__ = ["Registry"]

Key = tuple[str, str, str]


class Registry:
    """Live connections and calls of one server.

    The key of a call is (API key, organization, session id): within it the newest wins, because a
    client that retries may come back while its old connection is still half open. The same session
    id under another key is another call.

    Args:
        max_calls: calls at a time; beyond it `open` is answered by `disconnect` `error`, which the
            client retries.

    Attributes:
        draining: no new calls are taken.
    """

    def __init__(self, max_calls: int) -> None:
        self.draining = False
        self._max_calls = max_calls
        self._connections: set[Connection] = set()
        self._calls: dict[Key, Connection] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def connections(self) -> Collection[Connection]:
        """Every live connection, in no order; a copy."""
        return tuple(self._connections)

    @property
    def calls(self) -> int:
        """How many calls are being decided or live; those whose socket is over do not count."""
        return len(self._calls)

    def sessions(self) -> tuple[Session, ...]:
        """The live calls, as the server itself sees them."""
        calls = (connection.call for connection in self._calls.values())
        return tuple(call.view("") for call in calls if call is not None and call.begun)

    def dispatches(self) -> tuple[CallDispatch, ...]:
        """The dispatch of every accepted call, also of those that are ending."""
        calls = (connection.call for connection in self._connections)
        return tuple(call.delivery for call in calls if call is not None and call.begun)

    def add(self, connection: Connection) -> None:
        """Note an upgraded connection."""
        self._connections.add(connection)
        self._idle.clear()

    def release(self, connection: Connection) -> None:
        """Note that a connection's socket is over: its call makes room, though it may still be ending."""
        if self._calls.get(connection.key) is connection:
            del self._calls[connection.key]

    def remove(self, connection: Connection) -> None:
        """Forget a connection whose call has ended."""
        self.release(connection)
        self._connections.discard(connection)
        if not self._connections:
            self._idle.set()

    def refusal(self, key: Key) -> str | None:
        """Return why no new call of that key is taken now, or `None`. One that replaces another has room."""
        if self.draining:
            return "draining"
        return "overload" if len(self._calls) >= self._max_calls and key not in self._calls else None

    def claim(self, connection: Connection) -> Connection | None:
        """Make this connection the one of its key; return the older one, which has to go."""
        older = self._calls.get(connection.key)
        self._calls[connection.key] = connection
        return older if older is not connection else None

    async def idle(self) -> None:
        """Wait until no connection and no ending call is left. Cancelling is safe."""
        await self._idle.wait()
