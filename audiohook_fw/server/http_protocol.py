"""`HttpProtocol`: aiohttp's HTTP with a time limit for the first request and errors that tell nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from audiohook_fw.telemetry import LimitedLogger

__all__ = ["SERVER_NAME", "HttpProtocol", "make_app"]

logger = logging.getLogger(__name__)
limited = LimitedLogger(logger)

SERVER_NAME: Final = "audiohook-fw"
"""The `Server` header: no versions."""

_MAX_HEADERS: Final = 64
_MAX_LINE: Final = 8_190


class HttpProtocol(web.RequestHandler):
    """One HTTP connection.

    The first request must be complete `header_timeout` seconds after the connection was made, however many
    bytes trickle in. A later one must be complete `keepalive_timeout` seconds after the last answer:
    aiohttp's own timer, which bytes do not move either.
    """

    __slots__ = ("_header_timeout", "_header_timer", "_on_lost")

    def __init__(
        self,
        manager: web.Server,
        *,
        header_timeout: float,
        keepalive_timeout: float,
        on_lost: Callable[[HttpProtocol], None],
    ) -> None:
        super().__init__(
            manager,
            loop=asyncio.get_running_loop(),
            # Longer than the header timer, which decides about the first request.
            keepalive_timeout=max(keepalive_timeout, header_timeout),
            access_log=None,  # type: ignore[arg-type]  # aiohttp itself takes None for "no access log"
            logger=logger,
            lingering_time=0,
            max_headers=_MAX_HEADERS,
            max_line_size=_MAX_LINE,
            max_field_size=_MAX_LINE,
            timeout_ceil_threshold=60,
        )
        self._header_timeout = header_timeout
        self._header_timer: asyncio.TimerHandle | None = None
        self._on_lost = on_lost

    @property
    def is_arriving(self) -> bool:
        """Whether its first request has not come yet."""
        return self._header_timer is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; called after the TLS handshake."""
        self._header_timer = self._loop.call_later(self._header_timeout, self._cut)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self.request_came()
        self._on_lost(self)
        super().connection_lost(exc)

    def request_came(self) -> None:
        """Stop the timer of the first request: its headers are complete."""
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what went wrong; unlike aiohttp's own, it neither logs nor echoes what the client sent."""
        self.request_came()
        if status >= 500:
            logger.error("a request failed", exc_info=exc)
        else:
            limited.info(("malformed", type(exc)), "a malformed request: %s", type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer had begun when the error came")
        response = web.Response(status=status, headers={"Server": SERVER_NAME})
        response.force_close()
        return response

    def _cut(self) -> None:
        self._header_timer = None
        limited.info("headers", "a connection is cut: no complete request within %g s", self._header_timeout)
        if self.transport is not None:
            self.transport.abort()


@web.middleware
async def note_request(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note that a request came, before anything else looks at it."""
    protocol = request.protocol
    if isinstance(protocol, HttpProtocol):
        protocol.request_came()
    return await handler(request)


async def name_server(_: web.BaseRequest, response: web.StreamResponse) -> None:
    """Give every answer a `Server` header without versions; a signal handler of the application."""
    response.headers["Server"] = SERVER_NAME


def make_app(
    *middlewares: Middleware,
) -> web.Application:
    """Return an application whose protocols know when a request came."""
    app = web.Application(middlewares=[note_request, *middlewares], client_max_size=1024**2)
    app.on_response_prepare.append(name_server)
    return app
