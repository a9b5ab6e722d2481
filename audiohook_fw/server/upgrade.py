"""The WebSocket route: from a GET request to a running `Connection`, or to a 401 that says nothing."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Final

from aiohttp import web

from audiohook_fw.auth import Upgrade, UpgradeRequest
from audiohook_fw.errors import AuthenticationError
from audiohook_fw.telemetry import LimitedLogger

from .admission import Admission
from .call_socket import CallSocket
from .connection import Connection
from .services import Services

__all__ = ["RefusalSlots", "UpgradeHandler"]

logger = logging.getLogger(__name__)

_GOODBYE: Final = 2.0  # seconds for the client's answer to our close frame


class RefusalSlots:
    """How many refused requests wait for their answer at once.

    Args:
        slots: beyond them nobody waits.
        delay: seconds from the arrival of a request to its answer.
    """

    def __init__(self, slots: int, delay: float) -> None:
        self._free = slots
        self._delay = delay

    async def wait(self, arrived: float) -> bool:
        """Wait until the delay since `arrived` (loop time) is over; `False`, at once, when all are taken."""
        if self._free <= 0:
            return False
        self._free -= 1
        try:
            await asyncio.sleep(max(0.0, arrived + self._delay - asyncio.get_running_loop().time()))
        finally:
            self._free += 1
        return True


class UpgradeHandler:
    """Answers GET on `server.path` and below; every other path is unknown.

    Every request is authenticated first, upgrade or not: who has no key learns nothing, not even that
    a WebSocket is served here.
    """

    def __init__(self, services: Services, admission: Admission) -> None:
        auth = services.settings.auth
        self._services = services
        self._admission = admission
        self._prefix = services.settings.server.path.rstrip("/")
        self._limited = LimitedLogger(logger)
        self._slots = RefusalSlots(auth.failure_slots, auth.failure_delay)
        self._runs: set[asyncio.Task[None]] = set()
        self._upgrading = 0

    @property
    def upgrading(self) -> int:
        """How many requests are being checked or upgraded, and are no connection of the registry yet."""
        return self._upgrading

    def suffix_of(self, path: str) -> str | None:
        """Return what follows `server.path` in a path, `""` for nothing; `None` when it is not below it."""
        if path == self._prefix:
            return ""
        below = f"{self._prefix}/"
        return path[len(below) :] if path.startswith(below) else None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Authenticate, upgrade, and serve the connection until its call has ended."""
        arrived = asyncio.get_running_loop().time()
        suffix = self.suffix_of(request.path)
        if suffix is None:
            raise web.HTTPNotFound
        if request.method != "GET":
            raise web.HTTPMethodNotAllowed(request.method, ["GET"])
        self._upgrading += 1
        try:
            upgrade = await self._admission.admit(_facts(request), request.headers)
            socket = await self._upgrade(request, upgrade)
        except AuthenticationError as error:
            return await self._refuse(request, str(error.reason), arrived)
        finally:
            self._upgrading -= 1
        if isinstance(socket, CallSocket):
            await self._serve(request, upgrade, socket, suffix)
        return socket

    async def _upgrade(self, request: web.Request, upgrade: Upgrade) -> web.StreamResponse:
        """Return the WebSocket, or what is said to a request that is none."""
        socket = CallSocket(
            timeout=_GOODBYE,
            autoping=False,  # the reader answers pings: a flood must not keep other calls waiting
            compress=False,
            # aiohttp refuses what is as long as the limit, not only what is longer.
            max_msg_size=self._services.settings.limits.message_bytes + 1,
        )
        if not socket.can_prepare(request):
            return self._reject_form(upgrade)
        try:
            await socket.prepare(request)
        except ConnectionError:
            return web.Response()  # the client has gone already; nobody reads this
        self._count("accepted", "")
        return socket

    async def _serve(self, request: web.Request, upgrade: Upgrade, socket: CallSocket, suffix: str) -> None:
        connection = Connection(
            self._services,
            upgrade,
            socket,
            path_suffix=suffix,
            context=self._services.tracing.extract(request.headers),
            transport=request.transport,
        )
        # A task of its own: when aiohttp gives up this handler, the call still ends as it should.
        run = connection.start()
        self._runs.add(run)
        run.add_done_callback(self._ran)
        with suppress(Exception):  # `_ran` logs it
            await asyncio.shield(run)

    def _ran(self, run: asyncio.Task[None]) -> None:
        self._runs.discard(run)
        if not run.cancelled() and (error := run.exception()) is not None:
            logger.error("a connection failed", exc_info=error)

    async def _refuse(self, request: web.Request, reason: str, arrived: float) -> web.StreamResponse:
        self._count("refused", reason)
        self._limited.warning(reason, "an upgrade from %s is refused: %s", request.remote, reason)
        if not await self._slots.wait(arrived) and request.transport is not None:
            request.transport.abort()
        response = web.Response(status=401)
        response.force_close()
        return response

    def _reject_form(self, upgrade: Upgrade) -> web.StreamResponse:
        """Answer a request that is authentic and no proper WebSocket handshake."""
        self._count("refused", "no_websocket")
        self._limited.warning(
            "no_websocket", "a request with key %s is no WebSocket", upgrade.credential.name
        )
        return web.Response(status=426, headers={"Upgrade": "websocket", "Sec-WebSocket-Version": "13"})

    def _count(self, result: str, reason: str) -> None:
        self._services.metrics.counter("audiohook.upgrades", result=result, reason=reason).value += 1


def _facts(request: web.Request) -> UpgradeRequest:
    return UpgradeRequest(request.method, request.raw_path, request.remote or "", request.headers)
