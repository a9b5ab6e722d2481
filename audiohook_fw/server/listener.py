"""`Listener`: one port. It accepts sockets itself, so the bound on connections holds from the first byte.

aiohttp speaks HTTP on what is accepted. Its own sites know no bound on connections, give TLS handshakes a
minute, and have no time limit for headers but the keep-alive one.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import ssl
from collections.abc import Callable
from typing import Final

from aiohttp import web

from audiohook_fw.config import LimitsSettings
from audiohook_fw.errors import ConfigError
from audiohook_fw.telemetry import LimitedLogger

from .http_protocol import HttpProtocol

__all__ = ["Listener"]

limited = LimitedLogger(logging.getLogger(__name__))

_BACKLOG: Final = 1_024
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_ABOUT_PORTS: Final = frozenset({errno.EADDRINUSE, errno.EACCES})
_PAUSE: Final = 0.5  # seconds before the next try when the process has no file descriptor left
_CUT: Final = 1.0  # seconds for requests still in work when the port is closed, and for TLS to say goodbye


class Listener:
    """Serves one aiohttp application on one port.

    Args:
        app: what answers.
        host: address or name to listen on; empty for every interface.
        port: 0 takes a free one.
        settings: names of the settings that hold host and port, for error messages.
        limits: times; the number of connections is given apart.
        connections: open at once; one more is closed as soon as it is accepted.
        tls: makes it speak TLS. Assign another context at any time: the next handshake uses it.
        on_refused: called for every connection over the bound.
    """

    def __init__(
        self,
        app: web.Application,
        *,
        host: str,
        port: int,
        settings: tuple[str, str],
        limits: LimitsSettings,
        connections: int,
        tls: ssl.SSLContext | None = None,
        on_refused: Callable[[], None] = lambda: None,
    ) -> None:
        self.tls = tls
        self._host = host
        self._port = port
        self._settings = settings
        self._limits = limits
        self._most = connections
        self._on_refused = on_refused
        self._runner = web.AppRunner(app, shutdown_timeout=_CUT)
        self._sockets: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._open: set[HttpProtocol] = set()
        self._beginning: set[asyncio.Task[None]] = set()

    @property
    def host(self) -> str:
        """The address or name as configured."""
        return self._host

    @property
    def port(self) -> int:
        """The port it listens on; before `start`, the configured one."""
        return self._port

    @property
    def connections(self) -> int:
        """How many connections are open, those in their TLS handshake included."""
        return len(self._open)

    @property
    def arriving(self) -> int:
        """How many connections have not sent their first request yet."""
        return sum(protocol.is_arriving for protocol in self._open) + len(self._beginning)

    async def start(self) -> None:
        """Listen.

        Raises:
            ConfigError: the address cannot be listened on.
        """
        await self._runner.setup()
        try:
            await self._bind()
        except OSError as error:
            await self.close()
            raise self._explain(error) from error
        loop = asyncio.get_running_loop()
        self._accepting = [
            loop.create_task(self._accept(listening), name="audiohook-accept") for listening in self._sockets
        ]

    async def stop_accepting(self) -> None:
        """Take no new connection; the open ones go on, and so do those that the kernel has taken already."""
        tasks, self._accepting = self._accepting, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for listening in self._sockets:
            self._take_rest(listening)
            listening.close()
        self._sockets.clear()

    async def close(self) -> None:
        """Take no new connection and cut the open ones; requests in work get a second."""
        await self.stop_accepting()
        for task in tuple(self._beginning):
            task.cancel()
        await asyncio.gather(*self._beginning, return_exceptions=True)
        await self._runner.cleanup()

    def _explain(self, error: OSError) -> ConfigError:
        """Return which of the two settings is wrong, and what to do."""
        host, port = self._settings
        if isinstance(error, socket.gaierror):
            reason = str(error.strerror)
        else:  # the text of `create_server` repeats the address
            reason = os.strerror(error.errno) if error.errno else str(error)
        problem = f"cannot listen on {self._host}:{self._port}: {reason.lower()}"
        if isinstance(error, socket.gaierror) or error.errno not in _ABOUT_PORTS:
            return ConfigError(host, f"{problem}; give an address of this machine, such as 127.0.0.1")
        advice = "choose another port, or end what uses it"
        if error.errno == errno.EACCES:
            advice = "choose a port above 1023"
        return ConfigError(port, f"{problem}; {advice}")

    async def _bind(self) -> None:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(
            self._host or None, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, address in dict.fromkeys((info[0], info[4]) for info in found):
            # A free port found for the first address is used for the others too.
            place = (address[0], self._port, *address[2:])
            self._sockets.append(socket.create_server(place, family=family, backlog=_BACKLOG))
            self._sockets[-1].setblocking(False)
            self._port = self._sockets[0].getsockname()[1]

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listening)
            except OSError as error:
                exhausted = error.errno in _EXHAUSTED
                if exhausted:
                    limited.warning("exhausted", "cannot accept connections: %s", error.strerror)
                await asyncio.sleep(_PAUSE if exhausted else 0)
                continue
            self._take(connection)
            await asyncio.sleep(0)  # an accept that succeeds at once gives nobody else a turn

    def _take_rest(self, listening: socket.socket) -> None:
        """Take who waits to be accepted: to be reset is not to be refused, and no client tries again."""
        for _ in range(_BACKLOG):
            try:
                connection, _ = listening.accept()
            except OSError:  # nobody waits any more
                return
            connection.setblocking(False)
            self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        if len(self._open) >= self._most:
            connection.close()
            limited.warning(
                "connections", "as many connections as may be open: %d; new ones are closed", self._most
            )
            self._on_refused()
            return
        task = asyncio.get_running_loop().create_task(self._begin(connection), name="audiohook-begin")
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _begin(self, connection: socket.socket) -> None:
        manager = self._runner.server
        assert manager is not None
        limits, tls = self._limits, self.tls
        protocol = HttpProtocol(
            manager,
            header_timeout=limits.header_timeout,
            keepalive_timeout=limits.keepalive,
            on_lost=self._open.discard,
        )
        self._open.add(protocol)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: protocol,
                connection,
                ssl=tls,
                ssl_handshake_timeout=limits.header_timeout if tls else None,
                ssl_shutdown_timeout=_CUT if tls else None,
            )
        except OSError as error:  # TLS errors and time-outs are OSErrors
            limited.info("handshake", "a connection failed before its request: %s", type(error).__name__)
            self._open.discard(protocol)
        except asyncio.CancelledError:
            self._open.discard(protocol)
            raise
