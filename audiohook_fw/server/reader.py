"""`Reader`: the only reader of a socket. It feeds the protocol, and hands on what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import WSMessage, WSMsgType, web

from audiohook_fw.protocol import AudioReceived, ServerEvent, ServerProtocol, TokenBucket

from .timers import StateTimer

__all__ = ["Reader"]

IN_A_ROW: Final = 16
"""Messages. A client that bursts its backlog must not keep other calls waiting: the loop gets a turn."""
PINGS: Final = (10.0, 100.0)
"""WebSocket pings and pongs a client may send: a second, and at once. AudioHook itself uses none."""


class Reader:
    """Reads one socket until it is over.

    Args:
        audio: gets each frame to deliver. event: gets everything else that means something.
        write_timeout: seconds that the answer to a WebSocket ping may take.
    """

    __slots__ = ("_audio", "_event", "_pings", "_protocol", "_socket", "_timer", "_write_timeout")

    def __init__(
        self,
        socket: web.WebSocketResponse,
        protocol: ServerProtocol,
        timer: StateTimer,
        *,
        audio: Callable[[AudioReceived], None],
        event: Callable[[ServerEvent], None],
        write_timeout: float,
    ) -> None:
        self._socket = socket
        self._protocol = protocol
        self._timer = timer
        self._audio = audio
        self._event = event
        self._pings = TokenBucket(*PINGS)
        self._write_timeout = write_timeout

    async def run(self) -> WSMessage | None:
        """Read until the socket is over; return what ended it, `None` when it broke or was abused.

        Never raises for what the client does.
        """
        receive, protocol, timer = self._socket.receive, self._protocol, self._timer
        time = asyncio.get_running_loop().time
        received = 0
        try:
            while True:
                message = await receive()
                now = timer.heard = time()
                match message.type:
                    case WSMsgType.BINARY:
                        event = protocol.receive_binary(message.data)
                        if isinstance(event, AudioReceived):
                            self._audio(event)
                        elif event is not None:
                            self._event(event)
                    case WSMsgType.TEXT:
                        answer = protocol.receive_text(message.data, now)
                        if answer is not None:
                            self._event(answer)
                        timer.follow()
                    case WSMsgType.PING | WSMsgType.PONG:
                        if not self._pings.take(now):
                            return None
                        await self._pong(message)
                    case _:
                        return message
                received += 1
                if received % IN_A_ROW == 0:
                    await asyncio.sleep(0)
        except (ConnectionError, TimeoutError):
            return None

    async def _pong(self, message: WSMessage) -> None:
        if message.type is WSMsgType.PING:
            async with asyncio.timeout(self._write_timeout):
                await self._socket.pong(message.data)
