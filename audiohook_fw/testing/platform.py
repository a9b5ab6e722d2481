"""`FakePlatform`: the Genesys Cloud Platform API on loopback, as far as a server of calls needs it."""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web

from .platform_api import PlatformApi
from .platform_faults import PlatformFault, PlatformKind, PlatformRequest
from .platform_state import FakeConversation, queue_id

__all__ = ["FakePlatform"]

_PATIENCE: Final = 60.0  # real seconds for its thread to start or to stop

RANGES: Final[tuple[Mapping[str, str], ...]] = (
    {"cidr": "192.0.2.10/32", "service": "audiohook", "region": "eu-central-1", "direction": "outbound"},
    {"cidr": "192.0.2.11/32", "service": "audiohook", "region": "us-east-1", "direction": "both"},
    {"cidr": "198.51.100.0/28", "service": "data-actions", "region": "eu-central-1", "direction": "outbound"},
    {"cidr": "203.0.113.7/32", "service": "smtp", "region": "eu-central-1", "direction": "inbound"},
)
"""Addresses for documentation, in the shape of the real answer."""


class FakePlatform:
    """A server that behaves as login and API of a Genesys Cloud region do; it listens on 127.0.0.1.

    `start` runs it in a thread of its own, `serve` in the running loop, so that its clock is that loop's: a
    driven call's, for instance (`call.run(platform.serve)`). `url` is known before either. As a context
    manager it starts and stops; the fixture does so.

    Args:
        client_id, client_secret: of the one OAuth client that gets tokens; made up by default.
        token_lifetime: seconds that a token counts.
        rate_limit: requests a minute for each token; beyond it 429 is answered.
        ranges: what `/api/v2/ipranges` tells; some addresses for documentation by default.
        default_queue: conversations that nobody added wait in this queue; without it they are unknown (404).
        queue_names: whether conversations tell the queue's name; else it must be asked for.

    Attributes:
        client_id: of the OAuth client. client_secret: its secret.
        ranges: what `/api/v2/ipranges` tells; change it as you like.
    """

    def __init__(
        self,
        *,
        client_id: str = "",
        client_secret: str = "",
        token_lifetime: float = 86_400.0,
        rate_limit: int = 300,
        ranges: Iterable[Mapping[str, object]] = RANGES,
        default_queue: str = "",
        queue_names: bool = True,
    ) -> None:
        self.client_id: Final = client_id or secrets.token_hex(8)
        self.client_secret: Final = client_secret or secrets.token_urlsafe(16)
        self.ranges: list[Mapping[str, object]] = [dict(entry) for entry in ranges]
        self._default_queue = default_queue
        self._queue_names = queue_names
        self._queues: dict[str, str] = {}
        self._conversations: dict[str, FakeConversation] = {}
        client = (self.client_id, self.client_secret)
        self._api = PlatformApi(client, self._tell, token_lifetime=token_lifetime, rate_limit=rate_limit)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._port: int = self._socket.getsockname()[1]
        self._runner: web.AppRunner | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        if default_queue:
            self.add_queue(default_queue)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<FakePlatform {self.url}, {len(self._api.requests)} requests>"

    # what there is --------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where login and API are, without a path."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def settings(self) -> dict[str, str]:
        """The settings `api_url`, `login_url`, `client_id` and `client_secret` that lead a plugin here."""
        where = {"api_url": self.url, "login_url": self.url}
        return {**where, "client_id": self.client_id, "client_secret": self.client_secret}

    def add_queue(self, name: str) -> str:
        """Let there be a queue, and return its id; a conversation that enters one does so by itself."""
        self._queues[queue_id(name)] = name
        return queue_id(name)

    def add_conversation(self, id_: str = "", *, queue: str = "", agent: str = "") -> FakeConversation:
        """Let there be a conversation, by its id, and return it.

        Args:
            id_: a new one by default. queue: it waits there. agent: the user who has answered.
        """
        conversation = FakeConversation(id_, _queues=self._queues, _name_queues=self._queue_names)
        if queue:
            conversation.enter_queue(queue)
        if agent:
            conversation.connect_agent(agent)
        self._conversations[conversation.id] = conversation
        return conversation

    def forget_conversation(self, id_: str) -> None:
        """Let a conversation be unknown."""
        self._conversations.pop(id_, None)

    # what goes wrong --------------------------------------------------------------------------------

    def misbehave(self, fault: PlatformFault) -> None:
        """Do this wrong from now on, in place of what was done wrong before."""
        self._api.fault = fault

    def mend(self) -> None:
        """Do everything right again."""
        self._api.fault = PlatformFault()

    def revoke_tokens(self) -> None:
        """Let no token count any more that was given so far."""
        self._api.revoke_tokens()

    # what was asked ---------------------------------------------------------------------------------

    @property
    def requests(self) -> tuple[PlatformRequest, ...]:
        """The requests so far, in the order of their answers; the last 20,000 are kept."""
        return tuple(self._api.requests.copy())

    def count(self, kind: PlatformKind | None = None, *, status: int | None = None) -> int:
        """Return how many requests were answered, of a kind, with a status."""
        counted = Counter((request.kind, request.status) for request in self.requests)
        return sum(n for (k, s), n in counted.items() if kind in (None, k) and status in (None, s))

    # running ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start a thread for it, and return once requests are answered."""
        ready: Future[None] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run(ready)), name="audiohook-fake-platform", daemon=True
        )
        self._thread.start()
        ready.result(_PATIENCE)

    def stop(self) -> None:
        """Stop the thread, and listen no more. Again does nothing.

        Raises:
            TimeoutError: the thread does not end.
        """
        if self._thread is not None and self._thread.is_alive():
            with suppress(RuntimeError):  # its loop is about to end
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(_PATIENCE)
            if self._thread.is_alive():
                raise TimeoutError("the fake platform does not stop")
        self._socket.close()

    async def serve(self) -> None:
        """Answer requests in the running loop, until `close`. Cancelling it midway needs `close`, too."""
        self._runner = web.AppRunner(self._api.app(), access_log=None, shutdown_timeout=0.0)
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket, backlog=1024).start()

    async def close(self) -> None:
        """Stop answering, and listen no more. Again does nothing."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        self._socket.close()

    async def _run(self, ready: Future[None]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self.serve()
        except BaseException as error:
            ready.set_exception(error)
            return
        ready.set_result(None)
        await self._stop.wait()
        await self.close()

    def _tell(self, kind: PlatformKind, id_: str, now: float) -> dict[str, Any] | None:
        if kind == "ipranges":
            return {"entities": list(self.ranges)}
        if kind == "queue":
            name = self._queues.get(id_)
            return None if name is None else {"id": id_, "name": name, "memberCount": 3}
        conversation = self._conversations.get(id_)
        if conversation is None and self._default_queue:
            conversation = FakeConversation(id_, _queues=self._queues, _name_queues=self._queue_names)
            conversation.enter_queue(self._default_queue)
        return None if conversation is None else conversation.body(now)
