"""The engine: one WebSocket to the service for each channel of each call."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp
from audiohook_fw_asr import EngineStream, Result, Samples, StreamRequest

from .messages import ProtocolError, read_message, read_result, start_message

__all__ = ["WebsocketEngine"]

_LONGEST: Final = 1 << 20  # bytes of one message
_CLOSE_SECONDS: Final = 1.0


class WebsocketEngine:
    """Talks to one service.

    Args:
        url: of it. name: for logs. headers: as sent. ca_file: certificates to trust.
        interims: whether to ask for them.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str = "websocket",
        rate: int = 16000,
        languages: Sequence[str] = ("en-US",),
        headers: Mapping[str, str] | None = None,
        ca_file: Path | None = None,
        interims: bool = True,
    ) -> None:
        self.name = name
        self.rate = rate
        self.languages = languages
        self._url = url
        self._headers = dict(headers or {})
        self._ca_file = ca_file
        self._interims = interims
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Read certificates; the service is asked when there is something to recognise.

        Raises:
            OSError: the file of certificates cannot be read. ssl.SSLError: it holds none.
        """
        secure = await asyncio.to_thread(ssl.create_default_context, cafile=self._ca_file)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=secure, limit=0), headers=self._headers
        )

    async def connect(self, request: StreamRequest) -> EngineStream:
        """Open a stream.

        Raises:
            ConnectionError: the service cannot be reached, or refuses. ProtocolError: it answers nonsense.
        """
        assert self._session is not None, "the engine was not started"
        try:
            socket = await self._session.ws_connect(
                self._url, max_msg_size=_LONGEST, autoping=True, timeout=aiohttp.ClientWSTimeout(ws_close=0.5)
            )
        except aiohttp.WSServerHandshakeError as error:  # its text has the URL, which may have a key in it
            hint = ": check the token and the headers" if error.status in (401, 403) else ""
            raise ConnectionError(
                f"the service refuses the stream with status {error.status}{hint}"
            ) from None
        except aiohttp.ClientError as error:
            raise ConnectionError(f"the service cannot be reached ({type(error).__name__})") from None
        stream = _Stream(socket)
        try:
            await stream.begin(start_message(request, interims=self._interims))
        except BaseException:
            await stream.close()
            raise
        return stream

    async def stop(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()


class _Stream:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._flushes = 0
        self._flushed: dict[int, asyncio.Future[None]] = {}

    async def begin(self, start: Mapping[str, Any]) -> None:
        await self._socket.send_json(start)
        message = await self._receive()
        if message is None or message["type"] != "ready":
            raise ProtocolError('the service does not answer "start" with "ready"')

    async def send(self, samples: Samples) -> None:
        await self._socket.send_bytes(_little_endian(samples))

    async def flush(self) -> None:
        self._flushes += 1
        answer = asyncio.get_running_loop().create_future()
        self._flushed[self._flushes] = answer
        await self._socket.send_json({"type": "flush", "id": self._flushes})
        await answer

    async def keep_alive(self) -> None:
        await self._socket.send_json({"type": "keep_alive"})

    async def close(self) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                if not self._socket.closed:
                    await self._socket.send_json({"type": "end"})
        finally:
            await self._socket.close()

    async def __aiter__(self) -> AsyncIterator[Result]:
        while (message := await self._receive()) is not None:
            if message["type"] == "result":
                yield read_result(message)
            elif message["type"] == "flushed":
                answer = self._flushed.pop(message.get("id", 0), None)
                if answer is not None and not answer.done():
                    answer.set_result(None)

    async def _receive(self) -> dict[str, Any] | None:
        """Return the next message; `None` when the service has closed the stream."""
        received = await self._socket.receive()
        if received.type is aiohttp.WSMsgType.TEXT:
            message = read_message(received.data)
            if message["type"] == "error":
                raise ConnectionError("the service says that it cannot go on")
            return message
        if received.type is aiohttp.WSMsgType.BINARY:
            raise ProtocolError("the service sends binary messages")
        if received.type is aiohttp.WSMsgType.ERROR:
            raise ConnectionError("the connection broke")
        return None


def _little_endian(samples: Samples) -> bytes:
    return (samples if sys.byteorder == "little" else samples.byteswap()).tobytes()
