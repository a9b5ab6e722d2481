"""`EngineService`: the other side of the protocol, around any `StreamEngine`.

It is what the tests talk to, an example for those who write a service, and a way to run an engine elsewhere.
"""

from __future__ import annotations

import asyncio
import hmac
import ssl
from typing import Any, Final

import numpy as np
from aiohttp import WSMsgType, web
from audiohook_fw_asr import EngineStream, StreamEngine

from .messages import ProtocolError, read_message, read_request, write_result

__all__ = ["EngineService"]

_LONGEST: Final = 1 << 20


class EngineService:
    """Serves an engine at `/`.

    Args:
        engine: of any kind of stream; started and stopped with the service.
        token: that clients must send, if any.

    Attributes:
        port: where it listens, once started.
        connections: those that are open.
    """

    def __init__(self, engine: StreamEngine, *, token: str = "") -> None:
        self.port = 0
        self.connections = 0
        self._engine = engine
        self._token = token
        self._runner: web.AppRunner | None = None

    async def start(
        self, host: str = "127.0.0.1", port: int = 0, *, secure: ssl.SSLContext | None = None
    ) -> None:
        """Listen; 0 takes any free port.

        Raises:
            OSError: the port is taken. Whatever the engine raises.
        """
        await self._engine.start()
        app = web.Application()
        app.router.add_get("/", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=secure)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close everything."""
        if self._runner is not None:
            await self._runner.cleanup()
            await self._engine.stop()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        given = request.headers.get("Authorization", "")
        if self._token and not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            return web.Response(status=401)
        socket = web.WebSocketResponse(max_msg_size=_LONGEST)
        await socket.prepare(request)
        self.connections += 1
        try:
            await self._talk(socket)
        except (ProtocolError, ConnectionError) as problem:
            await _tell(socket, {"type": "error", "message": str(problem)})
        finally:
            self.connections -= 1
            await socket.close()
        return socket

    async def _talk(self, socket: web.WebSocketResponse) -> None:
        message = await socket.receive()
        if message.type is not WSMsgType.TEXT:
            raise ProtocolError("a stream begins with a start message")
        start = read_message(message.data)
        stream = await self._engine.connect(read_request(start))
        writer = asyncio.create_task(_write(socket, stream, interims=start.get("interims") is not False))
        reader = asyncio.create_task(_read(socket, stream))
        try:
            await socket.send_json({"type": "ready"})
            done, _ = await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            writer.cancel()
            reader.cancel()
            await asyncio.gather(writer, reader, return_exceptions=True)
            await stream.close()


async def _read(socket: web.WebSocketResponse, stream: EngineStream) -> None:
    """Hand audio and orders to the engine, until `end`."""
    async for message in socket:
        if message.type is WSMsgType.BINARY:
            await stream.send(np.frombuffer(message.data, "<i2").astype(np.int16))
        elif message.type is WSMsgType.TEXT:
            order = read_message(message.data)
            if order["type"] == "flush":
                await stream.flush()
                await _tell(socket, {"type": "flushed", "id": order.get("id", 0)})
            elif order["type"] == "keep_alive":
                await stream.keep_alive()
            elif order["type"] == "end":
                return


async def _write(socket: web.WebSocketResponse, stream: EngineStream, *, interims: bool) -> None:
    """Send results."""
    async for result in stream:
        if socket.closed:
            return
        if interims or result.is_final:
            await _tell(socket, write_result(result))
        await asyncio.sleep(0)  # an engine that floods must not keep the loop from reading


async def _tell(socket: web.WebSocketResponse, message: dict[str, Any]) -> None:
    if not socket.closed:
        await socket.send_json(message)
