"""`CallSocket`: aiohttp's WebSocket, which can hand on a message as it arrives, without waking a task for it.

aiohttp's parser puts each message into a queue and wakes the task that waits in `receive`. For a call's audio
that is most of what a frame costs. So while nothing waits in the queue, messages may go straight to a
function (`take_directly`); whatever that leaves, and all behind it, is queued and read as ever.

This puts a queue of ours in the place of aiohttp's, and relies on how its WebSocket is put together. With an
aiohttp that is put together otherwise every message is queued: slower, and all else the same.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from aiohttp import WSMessage, web
from aiohttp.http import WebSocketReader

try:
    from aiohttp._websocket.reader import WebSocketDataQueue
except ImportError:  # another aiohttp
    WebSocketDataQueue = object  # type: ignore[misc, assignment]

if TYPE_CHECKING:
    from aiohttp.http import WebSocketWriter

__all__ = ["CallSocket"]

_TEXT: Final = 0x81  # the only frame of its message, a text
_QUEUE_BYTES: Final = 65_536  # waiting in the queue, before aiohttp reads no more from the connection


class CallSocket(web.WebSocketResponse):
    """A WebSocket of the server, to be prepared like any other. It knows no compression."""

    _direct: _DirectQueue | None = None
    _transport: asyncio.Transport | None = None

    def take_directly(self, on_message: Callable[[WSMessage], bool] | None) -> None:
        """Hand messages to `on_message` as they arrive, each time that `open_directly` was called; or stop.

        It is called by the event loop, in no task, and must not raise. When it returns `False` the message,
        and all behind it, is to be read by `receive`.
        """
        if self._direct is not None:
            self._direct.is_open = False
            self._direct.past = on_message

    def open_directly(self) -> None:
        """Let messages go past the queue, if it is empty: call it right before waiting in `receive`."""
        direct = self._direct
        if direct is not None and direct.past is not None and not direct._buffer:
            direct.is_open = True

    def is_clear(self) -> bool:
        """Tell whether the connection stands and nothing waits to be sent on it."""
        transport = self._transport
        return (
            transport is not None
            and not self.closed
            and not transport.is_closing()
            and transport.get_write_buffer_size() == 0
        )

    def send_now(self, data: str) -> None:
        """Send a text without waiting; call it only after `is_clear`. It never raises.

        Of a connection that broke off meanwhile `receive` tells.
        """
        transport = self._transport
        if transport is not None and not transport.is_closing():
            transport.write(_text_frame(data.encode()))

    def _post_start(self, request: web.BaseRequest, protocol: str | None, writer: WebSocketWriter) -> None:
        connection = request.protocol
        self._transport = request.transport
        try:
            direct = _DirectQueue(connection, _QUEUE_BYTES, loop=asyncio.get_running_loop())
            parser = WebSocketReader(direct, self._max_msg_size, compress=False, decode_text=True)
            # Messages that came right behind the request wait for a parser: for ours.
            came, connection._payload_parser = connection._message_tail, None
        except (TypeError, AttributeError):  # another aiohttp
            super()._post_start(request, protocol, writer)
            return
        connection._message_tail = b""
        super()._post_start(request, protocol, writer)
        connection._message_tail, connection._payload_parser = came, None
        self._direct = self._reader = direct
        self._parser = parser
        connection.set_parser(parser)


def _text_frame(payload: bytes) -> bytes:
    """Return one unmasked text frame (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", _TEXT, size) + payload
    if size < 65_536:
        return struct.pack("!BBH", _TEXT, 126, size) + payload
    return struct.pack("!BBQ", _TEXT, 127, size) + payload


class _DirectQueue(WebSocketDataQueue):
    """aiohttp's queue, with a way past it.

    Attributes:
        past: takes a message or returns `False`.
        is_open: nothing waits, and who reads waits for more. Once a message is queued all behind it are
            queued too, until it is opened again: none overtakes another.
    """

    past: Callable[[WSMessage], bool] | None = None
    is_open = False

    def feed_data(self, data: Any, size: int) -> None:
        """Take a message from the parser."""
        if self.is_open and self.past is not None and self.past(data):
            return
        self.is_open = False
        super().feed_data(data, size)
