"""`Reader`: the only reader of a socket. It feeds the protocol, and hands on what comes of it."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Final

from aiohttp import WSMessage, WSMsgType

from audiohook_fw.protocol import AudioReceived, ServerEvent, ServerProtocol, TokenBucket

from .call_socket import CallSocket
from .timers import StateTimer
from .turn import Turn

__all__ = ["Reader"]

IN_A_ROW: Final = 16
"""Messages. A client that bursts its backlog must not keep other calls waiting: the loop gets a turn."""
ROW: Final = 0.005
"""Seconds in which messages are in a row when they are taken as they arrive."""
PINGS: Final = (10.0, 100.0)
"""WebSocket pings and pongs a client may send: a second, and at once. AudioHook itself uses none."""

_BINARY: Final = WSMsgType.BINARY
_TEXT: Final = WSMsgType.TEXT


class Reader:
    """Reads one socket until it is over.

    Text and audio are taken as they arrive, by the event loop itself; all else, and what comes too fast,
    waits for the task that runs `run`. Both ways keep one order.

    Args:
        event: gets everything that means something, but audio. It does not raise.
        context: what `event` and `audio` run in; `run` must run in it, too.
        turn: shared by all readers of the server.
        write_timeout: seconds that the answer to a WebSocket ping may take.

    Attributes:
        audio: gets each frame to deliver, and does not raise. At first nobody: a probe has no audio.
    """

    __slots__ = (
        "_context",
        "_event",
        "_pings",
        "_protocol",
        "_row",
        "_row_began",
        "_socket",
        "_time",
        "_timer",
        "_turn",
        "_write_timeout",
        "audio",
    )

    def __init__(
        self,
        socket: CallSocket,
        protocol: ServerProtocol,
        timer: StateTimer,
        *,
        event: Callable[[ServerEvent], None],
        context: contextvars.Context,
        turn: Turn,
        write_timeout: float,
    ) -> None:
        self._socket = socket
        self._protocol = protocol
        self._timer = timer
        self._event = event
        self.audio: Callable[[AudioReceived], None] = lambda _: None
        self._context = context
        self._turn = turn
        self._pings = TokenBucket(*PINGS)
        self._write_timeout = write_timeout
        self._time = asyncio.get_running_loop().time
        self._row = 0
        self._row_began = 0.0

    async def run(self) -> WSMessage | None:
        """Read until the socket is over; return what ended it, `None` when it broke or was abused.

        Never raises for what the client does.
        """
        socket = self._socket
        socket.take_directly(self._arrived)
        queued = 0
        try:
            while True:
                socket.open_directly()
                message = await socket.receive()
                now = self._time()
                if message.type in (WSMsgType.PING, WSMsgType.PONG):
                    self._timer.heard = now
                    if not self._pings.take(now):
                        return None
                    await self._pong(message)
                elif not self._take(message, now):
                    return message
                queued += 1
                if queued % IN_A_ROW == 0 or self._turn.is_over():
                    await asyncio.sleep(0)
        except (ConnectionError, TimeoutError):
            return None
        finally:
            socket.take_directly(None)

    def _arrived(self, message: WSMessage) -> bool:
        """Take a message as it arrives: the hot path."""
        if message.type is not _BINARY and message.type is not _TEXT:
            return False
        now = self._time()
        if now - self._row_began > ROW:
            self._row_began = now
            self._row = 0
        self._row += 1
        return self._row <= IN_A_ROW and self._context.run(self._take, message, now)

    def _take(self, message: WSMessage, now: float) -> bool:
        """Take a message of the protocol; `False` for any other."""
        if message.type is _BINARY:
            self._timer.heard = now
            event = self._protocol.receive_binary(message.data)
            if type(event) is AudioReceived:
                self.audio(event)
            elif event is not None:
                self._event(event)
        elif message.type is _TEXT:
            self._timer.heard = now
            answer = self._protocol.receive_text(message.data, now)
            if answer is not None:
                self._event(answer)
            self._timer.follow()
        else:
            return False
        return True

    async def _pong(self, message: WSMessage) -> None:
        if message.type is WSMsgType.PING:
            async with asyncio.timeout(self._write_timeout):
                await self._socket.pong(message.data)
