"""`Rude`: a client of bare bytes that sends audio and keys in its own pauses, which Genesys never does."""

from __future__ import annotations

import asyncio
import json
import os
import time
import uuid
from base64 import b64encode
from contextlib import suppress
from typing import Any, Final, Self
from urllib.parse import urlsplit

from audiohook_fw.auth import sign

__all__ = ["Rude"]

ORGANIZATION: Final = "d7934305-0972-4844-938e-9060eef73d05"
PATIENCE: Final = 60.0
"""Seconds: this may be a busy machine."""
_MEDIA: Final = {"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}
_TEXT, _BINARY = 1, 2


class Rude:
    """One connection.

    Attributes:
        session, conversation: ids. got: messages received. heard: all bytes received.
        position: seconds of call time, as this client counts it.
    """

    def __init__(self, *, session: str = "", conversation: str = "") -> None:
        self.session = session or str(uuid.uuid4())
        self.conversation = conversation or str(uuid.uuid4())
        self.got: list[dict[str, Any]] = []
        self.heard = bytearray()
        self.position = 0.0
        self._seq = 0
        self._news = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    async def connect(self, url: str, key: str, secret: bytes) -> Self:
        """Connect, and upgrade."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._reader, self._writer = await asyncio.open_connection(parts.hostname, parts.port)
        headers = {
            "Host": parts.netloc,
            "Audiohook-Organization-Id": ORGANIZATION,
            "Audiohook-Session-Id": self.session,
            "Audiohook-Correlation-Id": str(uuid.uuid4()),
            "X-API-KEY": key,
        }
        headers |= sign(
            target=parts.path,
            authority=parts.netloc,
            headers=headers,
            secret=secret,
            key_id=key,
            nonce=uuid.uuid4().hex,
            created=int(time.time()),
        )
        lines = [f"GET {parts.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        lines += [f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}", "", ""]
        self._writer.write("\r\n".join(lines).encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in head, head
        self._reading = asyncio.create_task(self._read())
        return self

    def message(self, type_: str, *, serverseq: int | None = None, **parameters: Any) -> str:
        """Return the next message; it must be sent."""
        self._seq += 1
        return json.dumps(
            {
                "version": "2",
                "type": type_,
                "id": self.session,
                "seq": self._seq,
                "serverseq": len(self.got) if serverseq is None else serverseq,
                "position": f"PT{self.position:.6f}S",
                "parameters": parameters,
            }
        )

    def open(self, language: str = "en-US", **more: Any) -> str:
        """Return `open`."""
        participant = {"id": str(uuid.uuid4()), "ani": "", "aniName": "", "dnis": ""}
        return self.message(
            "open",
            organizationId=ORGANIZATION,
            conversationId=self.conversation,
            participant=participant,
            media=[_MEDIA],
            language=language,
            **more,
        )

    def resumed(self, paused: float) -> str:
        """Return `resumed`, after a pause of so many seconds of call time."""
        text = self.message("resumed", start=f"PT{self.position:.6f}S", discarded=f"PT{paused:.6f}S")
        self.position += paused
        return text

    async def send(self, *parts: str | bytes) -> None:
        """Send messages and audio in one piece, as far as TCP has room."""
        frames = [
            _frame(_TEXT, part.encode()) if isinstance(part, str) else _frame(_BINARY, part) for part in parts
        ]
        self._writer.write(b"".join(frames))
        await self._writer.drain()

    async def speak(self, frames: list[bytes]) -> None:
        """Send audio that may be heard."""
        await self.send(*frames)
        self.position += sum(len(frame) for frame in frames) / 16_000

    async def until(self, type_: str, count: int = 1) -> None:
        """Wait until so many messages of that type came."""
        async with asyncio.timeout(PATIENCE):
            while sum(message["type"] == type_ for message in self.got) < count:
                self._news.clear()
                await self._news.wait()

    async def sync(self) -> None:
        """Wait until the server has read all that was sent."""
        before = sum(message["type"] == "pong" for message in self.got)
        await self.send(self.message("ping"))
        await self.until("pong", before + 1)

    async def close(self) -> None:
        """Close by the protocol."""
        await self.send(self.message("close", reason="end"))
        await self.until("closed")
        await self.cut()

    async def cut(self) -> None:
        """End the connection at once."""
        self._writer.transport.abort()
        if self._reading is not None:
            await asyncio.wait({self._reading})

    async def _read(self) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                first, length = await self._reader.readexactly(2)
                if length >= 126:
                    length = int.from_bytes(await self._reader.readexactly(2 if length == 126 else 8), "big")
                payload = await self._reader.readexactly(length)
                self.heard += payload
                if first & 0x0F == _TEXT:
                    self.got.append(json.loads(payload))
                    self._news.set()


def _frame(opcode: int, payload: bytes) -> bytes:
    """Return a WebSocket frame; its mask is 0, so that the payload stays as it is."""
    length = len(payload)
    size = bytes([0x80 | length]) if length < 126 else bytes([0xFE]) + length.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + size + bytes(4) + payload
