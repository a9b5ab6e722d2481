"""The load of the benchmark, in a process of its own: many calls, each frame sent at its own time.

`python client.py URL API_KEY SECRET CALLS OPENS_PER_S FRAME_MS`, then a command on each line of standard
input, answered by one line of JSON: `reset`, `times`, `churn SECONDS OPENS_PER_S`, `close`.

The simulated client of the product checks everything and costs more than the server; this one speaks just
enough of the protocol to be served, so that two cores are enough for both sides. Each frame begins with the
time at which it was sent (CLOCK_MONOTONIC, nanoseconds), which the plugin `stamps` reads.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
import time
import uuid
from functools import partial
from typing import Any, cast

import uvloop
from yarl import URL

from audiohook_fw import auth

BYTES_PER_MS = 16  # stereo PCMU
STAMP = struct.Struct("<q")
TEXT, BINARY, CLOSE = 1, 2, 8
NOBODY = "00000000-0000-0000-0000-000000000001"
OFFER = {"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}


def frame(opcode: int, payload: bytes) -> bytes:
    """Return a masked frame; the mask is 0, which the server unmasks like any other."""
    size = len(payload)
    head = struct.pack("!BB", 0x80 | opcode, 0x80 | size) if size < 126 else b""
    if not head:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    return head + bytes(4) + payload


class Load:
    """What all calls share: where they go, and the times they measure (seconds)."""

    def __init__(self, url: URL, api_key: str, secret: str, frame_ms: float) -> None:
        self.url = url
        self.api_key = api_key
        self.secret = auth.decode_secret(secret)
        self.interval = frame_ms / 1000
        self.audio = frame(BINARY, bytes(int(frame_ms * BYTES_PER_MS)))
        self.stamp_at = len(self.audio) - int(frame_ms * BYTES_PER_MS)
        self.opened: list[float] = []
        self.pongs: list[float] = []
        self.closed = 0
        self.lost = 0

    def upgrade(self, session: str) -> bytes:
        """Return a signed upgrade request."""
        url = self.url
        headers = {
            "Audiohook-Organization-Id": NOBODY,
            "Audiohook-Session-Id": session,
            "Audiohook-Correlation-Id": session,
            "X-API-KEY": self.api_key,
        }
        created = int(time.time())
        authority = f"{url.host}:{url.port}"
        headers |= auth.sign(
            target=url.raw_path_qs, authority=authority, headers=headers, secret=self.secret,
            key_id=self.api_key, nonce=uuid.uuid4().hex, created=created, expires=created + 30,
        )  # fmt: skip
        lines = [f"GET {url.raw_path_qs} HTTP/1.1", f"Host: {authority}", "Connection: Upgrade"]
        lines += [
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        ]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


class BenchCall(asyncio.Protocol):
    """One call."""

    def __init__(self, load: Load, *, brief: bool = False) -> None:
        self.loop = asyncio.get_running_loop()
        self.load = load
        self.id = str(uuid.uuid4())
        self.up: asyncio.Future[None] = self.loop.create_future()
        self.over: asyncio.Future[None] = self.loop.create_future()
        self._brief = brief  # closes as soon as it is open
        self._buffer = b""
        self._handshaken = self._closing = False
        self._seq = self._serverseq = 0
        self._sent_open = self._sent_ping = self._due = 0.0
        self._timers: list[asyncio.TimerHandle] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self.load.upgrade(self.id))

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        self.load.lost += not self._closing
        for waiting in (self.up, self.over):
            if not waiting.done():
                waiting.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._handshaken:
            head, end, self._buffer = self._buffer.partition(b"\r\n\r\n")
            if not end:
                self._buffer = head
                return
            assert b" 101 " in head, head
            self._handshaken = True
            self._open()
        while (payload := self._next()) is not None:
            if payload:
                self._receive(json.loads(payload))

    def close(self) -> None:
        """End the call as Genesys does."""
        self._stop()
        self._closing = True
        self._send("close", {"reason": "end"})

    # inside -------------------------------------------------------------------------------------

    def _stop(self) -> None:
        for timer in self._timers:
            timer.cancel()

    def _next(self) -> bytes | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        start, size = 2, buffer[1] & 127
        if size == 126:
            if len(buffer) < 4:
                return None
            start, size = 4, int.from_bytes(buffer[2:4], "big")
        if len(buffer) < start + size:
            return None
        self._buffer = buffer[start + size :]
        return buffer[start : start + size] if buffer[0] & 15 == TEXT else b""

    def _send(self, type_: str, parameters: dict[str, Any]) -> None:
        self._seq += 1
        message = {"version": "2", "type": type_, "id": self.id, "seq": self._seq, "position": "PT0S"}
        message |= {"serverseq": self._serverseq, "parameters": parameters}
        self.transport.write(frame(TEXT, json.dumps(message).encode()))

    def _open(self) -> None:
        self._sent_open = time.monotonic()
        participant = {"id": self.id, "ani": "", "aniName": "", "dnis": ""}
        parameters = {"organizationId": NOBODY, "conversationId": self.id, "participant": participant}
        self._send("open", {**parameters, "media": [OFFER], "language": "en-US"})

    def _receive(self, message: dict[str, Any]) -> None:
        self._serverseq = message["seq"]
        match message["type"]:
            case "opened":
                self._opened()
            case "pong":
                self.load.pongs.append(time.monotonic() - self._sent_ping)
            case "closed":
                self.load.closed += 1
                self.transport.write(frame(CLOSE, b"\x03\xe8"))
                self.transport.close()

    def _opened(self) -> None:
        self.load.opened.append(time.monotonic() - self._sent_open)
        self.up.set_result(None)
        if self._brief:
            self.close()
            return
        self._due = self.loop.time()
        self._timers = [self.loop.call_later(1.0, self._ping), self.loop.call_at(self._due, self._audio)]

    def _ping(self) -> None:
        self._sent_ping = time.monotonic()
        self._send("ping", {})
        self._timers[0] = self.loop.call_later(5.0, self._ping)

    def _audio(self) -> None:
        load, at = self.load, self.load.stamp_at
        audio = bytearray(load.audio)
        STAMP.pack_into(audio, at, time.monotonic_ns())
        self.transport.write(bytes(audio))
        self._due += load.interval
        self._timers[1] = self.loop.call_at(self._due, self._audio)


def _same(call: BenchCall) -> BenchCall:
    return call


async def start(load: Load, calls: int, rate: float, *, brief: bool = False) -> list[BenchCall]:
    """Begin calls at a rate and wait until all are open."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    started: list[BenchCall] = []
    for number in range(calls):
        await asyncio.sleep(began + number / rate - loop.time())
        call = BenchCall(load, brief=brief)
        started.append(call)
        await loop.create_connection(partial(_same, call), str(load.url.host), load.url.port or 80)
    await asyncio.wait([call.up for call in started])
    return started


def summary(values: list[float]) -> dict[str, float]:
    """Return percentiles in milliseconds."""
    ordered = sorted(values)
    if not ordered:
        return {"count": 0}

    def pick(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 2)

    return {"count": len(ordered), "p50": pick(0.5), "p99": pick(0.99), "max": round(ordered[-1] * 1000, 2)}


async def serve(load: Load, calls: list[BenchCall]) -> None:
    """Do what standard input says, until it ends."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        answer: dict[str, Any] = {}
        match line.split():
            case ["reset"]:
                load.opened.clear()
                load.pongs.clear()
            case ["times"]:
                answer = {"opened": summary(load.opened), "pong": summary(load.pongs)}
            case ["churn", seconds, rate]:
                brief = await start(load, int(float(seconds) * float(rate)), float(rate), brief=True)
                await asyncio.wait([call.over for call in brief])
            case ["close"]:
                for call in calls:
                    call.close()
                if calls:
                    await asyncio.wait([call.over for call in calls], timeout=30)
        print(json.dumps({**answer, "closed": load.closed, "lost": load.lost}), flush=True)


async def main(url: str, api_key: str, secret: str, calls: int, rate: float, frame_ms: float) -> None:
    load = Load(URL(url), api_key, secret, frame_ms)
    started = await start(load, calls, rate) if calls else []
    print(json.dumps({"open": len(load.opened)}), flush=True)
    await serve(load, started)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        url, api_key, secret, calls, rate, frame_ms = sys.argv[1:]
        runner.run(main(url, api_key, secret, int(calls), float(rate), float(frame_ms)))
