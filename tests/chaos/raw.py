"""`Line`: a client of bare bytes, for all that the simulated client refuses to do."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import socket
import struct
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from audiohook_fw.auth import sign

from .place import KEYS, SECRET
from .played import Played, WireCheck
from .stage import Stage, new_ids

__all__ = ["BINARY", "CLOSE", "CONTINUATION", "PING", "TEXT", "GoneError", "Line"]

CONTINUATION: Final = 0
TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10
ORGANIZATION: Final = "d7934305-0972-4844-938e-9060eef73d05"
_MEDIA: Final = [{"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}]


class GoneError(Exception):
    """The server has ended the connection.

    Attributes:
        code: of its close frame; 0 when there was none.
    """

    def __init__(self, code: int = 0) -> None:
        super().__init__(f"gone with {code}" if code else "gone")
        self.code = code


class Line:
    """One connection. Everything raises `GoneError` once the server has ended it."""

    def __init__(self, stage: Stage, rng: random.Random, played: Played, *, every_pong: bool = True) -> None:
        self.stage = stage
        self.rng = rng
        self.played = played
        self.new_id = new_ids(rng)
        self.session = played.session = played.session or self.new_id()
        self.seq = 0
        self.heard = 0
        self.wire = WireCheck(stage.checks, every_pong=every_pong)
        self.request = b""
        self._hash = hashlib.sha256()
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None
        self._socket: socket.socket

    # the connection -----------------------------------------------------------------------------

    async def connect(self, *, buffer: int = 0) -> None:
        """Connect; `buffer` bounds what the kernel takes for us while we do not read."""
        raw = self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        raw.setblocking(False)
        if buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        place = self.stage.place
        try:
            async with self.stage.limit(10):
                await asyncio.get_running_loop().sock_connect(raw, (place.host, place.port))
                self._reader, self._writer = await asyncio.open_connection(sock=raw, limit=buffer or 65_536)
        except BaseException:
            raw.close()
            raise

    def headers(self, *, product: str = "monitor", **other: Any) -> dict[str, str]:
        """Return the headers of the upgrade, signed; `other` are arguments for the signature."""
        headers = {
            "Host": f"{self.stage.place.host}:{self.stage.place.port}",
            "Audiohook-Organization-Id": ORGANIZATION,
            "Audiohook-Session-Id": self.session,
            "Audiohook-Correlation-Id": self.new_id(),
            "X-API-KEY": KEYS[product],
        }
        created = int(self.stage.wall())
        given: dict[str, Any] = {
            "target": "/audiohook/ws",
            "authority": headers["Host"],
            "secret": SECRET,
            "key_id": headers["X-API-KEY"],
            "nonce": f"{self.rng.getrandbits(160):040x}",
            "created": created,
            "expires": created + 30,
        } | other
        return headers | sign(headers=headers, **given)

    async def upgrade(self, headers: Mapping[str, str] | None = None) -> int:
        """Ask for the upgrade; return the status, 0 when the connection was closed without an answer."""
        lines = ["GET /audiohook/ws HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in (headers or self.headers()).items()]
        key = b64encode(os.urandom(16)).decode()
        lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        self.request = "\r\n".join([*lines, f"Sec-WebSocket-Key: {key}", "", ""]).encode()
        return await self.ask(self.request)

    async def ask(self, request: bytes) -> int:
        """Send a request; return the status of the answer, 0 for none."""
        try:
            await self.write(request)
            async with self.stage.limit(10):
                head = await self._reader.readuntil(b"\r\n\r\n")
        except (GoneError, OSError, asyncio.IncompleteReadError):
            return 0
        return int(head.split(b" ", 2)[1])

    async def open(self, *, product: str = "monitor", buffer: int = 0, **parameters: Any) -> str:
        """Connect, upgrade and open; return the type of the answer, or why there is none.

        That is `opened`, `sent away` or `refused`; the last one only while the clock jumps.
        """
        jumps = self.stage.jumps
        await self.connect(buffer=buffer)
        status = await self.upgrade(self.headers(product=product))
        if status != 101:
            self.stage.checks("a good upgrade is let in", jumps != self.stage.jumps, status)
            return "refused"
        await self.say_open(**parameters)
        answer = await self.until("opened", "disconnect")
        if answer["type"] == "disconnect":
            reason, info = answer["parameters"]["reason"], answer["parameters"].get("info")
            self.stage.checks("an open is accepted", reason == "error" and info == "overload", answer)
            await self.leave("disconnect")
            return "sent away"
        self.played.opened += 1
        return "opened"

    async def say_open(self, **parameters: Any) -> None:
        """Send `open`, and wait for nothing."""
        given = {
            "organizationId": ORGANIZATION,
            "conversationId": self.new_id(),
            "participant": {"id": self.new_id(), "ani": "", "aniName": "", "dnis": ""},
            "media": _MEDIA,
        } | parameters
        await self.say("open", **given)

    # what we send -------------------------------------------------------------------------------

    async def say(self, type_: str, **parameters: Any) -> None:
        """Send a message as it should be."""
        self.seq += 1
        await self.text(self.message(type_, **parameters))

    def message(self, type_: str, *, envelope: Mapping[str, Any] | None = None, **parameters: Any) -> str:
        """Return a message; `envelope` replaces fields of it."""
        head = {"version": "2", "id": self.session, "type": type_, "seq": self.seq, "serverseq": self.heard}
        return json.dumps({**head, "position": "PT0S", "parameters": parameters, **(envelope or {})})

    async def text(self, text: str) -> None:
        """Send a text that may be no message at all; only proper ones are noted."""
        with suppress(ValueError, KeyError, TypeError, RecursionError):
            self.wire.sent(text)
        await self.frame(TEXT, text.encode())

    async def audio(self, payload: bytes) -> None:
        """Send audio that the server should take."""
        self._hash.update(payload)
        self.played.sent += len(payload)
        await self.frame(BINARY, payload)

    async def frame(self, opcode: int, payload: bytes, *, first: int = 0x80, masked: bool = True) -> None:
        """Send one frame; `first` holds the flags of its first byte."""
        await self.write(frame(opcode, payload, first=first, masked=masked))

    async def write(self, data: bytes) -> None:
        """Send bytes."""
        assert self._writer is not None
        try:
            self._writer.write(data)
            async with self.stage.limit(20):
                await self._writer.drain()
        except OSError:
            raise GoneError from None

    # what we hear -------------------------------------------------------------------------------

    async def hear(self) -> str | bytes:
        """Return the next text or binary message; pongs are passed over."""
        while True:
            try:
                opcode, payload = await self._read_frame()
            except (OSError, asyncio.IncompleteReadError):
                raise GoneError from None
            match opcode:
                case 1:
                    text = payload.decode()
                    self.wire.received(text)
                    self.heard = json.loads(text)["seq"]
                    return text
                case 2:
                    self.wire.received(payload)
                    return payload
                case 8:
                    raise GoneError(int.from_bytes(payload[:2], "big"))
                case _:
                    pass

    async def until(self, *types: str, seconds: float = 10) -> dict[str, Any]:
        """Hear until a message of one of these types comes."""
        async with self.stage.limit(seconds):
            while True:
                heard = await self.hear()
                if isinstance(heard, str) and (message := json.loads(heard))["type"] in types:
                    return dict(message)

    async def gone(self, seconds: float = 20) -> int:
        """Hear until the server has ended the connection; return the code of its close frame, or 0."""
        try:
            async with self.stage.limit(seconds):
                while True:
                    await self.hear()
        except GoneError as end:
            return end.code

    async def leave(self, reason: str = "end") -> None:
        """End the call by the protocol, and close the connection."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self.say("close", reason=reason)
        await self.until("closed")
        after = self.played.closing_after = loop.time() - began
        self.stage.checks("closed comes within 10 s", after < 10 * self.stage.place.patience, after)
        self.wire.end()
        self.played.whole = self.played.opened > 0
        self.played.sha256 = self._hash.hexdigest()
        with suppress(GoneError):
            await self.frame(CLOSE, b"\x03\xe8")
        await self.gone()

    async def _read_frame(self) -> tuple[int, bytes]:
        first, second = await self._reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            length = int.from_bytes(await self._reader.readexactly(2), "big")
        elif length == 127:
            length = int.from_bytes(await self._reader.readexactly(8), "big")
        return first & 0x0F, await self._reader.readexactly(length)

    # the ends that are none ---------------------------------------------------------------------

    def half_close(self) -> None:
        """Say that nothing more comes, and go on listening."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """End the connection with a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.cut()

    def cut(self) -> None:
        """End the connection at once; again does nothing."""
        if self._writer is not None:
            self._writer.transport.abort()


def frame(opcode: int, payload: bytes, *, first: int = 0x80, masked: bool = True) -> bytes:
    """Return a WebSocket frame; its mask is 0, so that the payload stays as it is."""
    bit = 0x80 if masked else 0
    length = len(payload)
    if length < 126:
        size = bytes([bit | length])
    elif length < 65_536:
        size = bytes([bit | 126]) + length.to_bytes(2, "big")
    else:
        size = bytes([bit | 127]) + length.to_bytes(8, "big")
    return bytes([first | opcode]) + size + (bytes(4) if masked else b"") + payload
