"""Two servers for the simulated client, both scripted and both made of `ServerProtocol`:
one in virtual time without I/O, one in an aiohttp application on a loopback port."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import math
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import trustme
from aiohttp import web

from audiohook_fw.client import CallIds, CallOptions, CallReport, ClientCall, Hangup
from audiohook_fw.protocol import (
    AudioReceived,
    Closed,
    CloseReceived,
    Opened,
    OpenReceived,
    PingReceived,
    Pong,
    ServerMessage,
    ServerProtocol,
    Updated,
    UpdateReceived,
)

IDS = CallIds(*(f"{n}0000000-0000-4000-8000-000000000000" for n in "12345"))
URL = "ws://127.0.0.1:1/audiohook/ws"
Said = ServerMessage | str | bytes | dict[str, Any]


@dataclass
class Script:
    """What the server does: its answers, and what it says unasked at seconds after `opened`.

    A `str` or `bytes` goes out as it is, a `dict` in a message with the right numbers, whatever its type.
    An answer that is `None` is not given.
    """

    answer: Callable[[OpenReceived], Said | None] = lambda event: Opened(media=[event.open.media[0]])
    says: list[tuple[float, Said]] = field(default_factory=list)
    pong: bool = True
    updated: bool = True
    closed: bool = True
    latency: float = 0.01


class Server:
    """A server without I/O that records what it hears."""

    def __init__(self, session: str, script: Script) -> None:
        self.protocol = ServerProtocol(session, IDS.organization, max_gap=None)
        self.script = script
        self.events: list[Any] = []
        self.audio = bytearray()

    def take(self, data: str | bytes, now: float) -> list[Said]:
        if isinstance(data, bytes):
            event = self.protocol.receive_binary(data)
        else:
            event = self.protocol.receive_text(data, now)
        self.events.append(event)
        return [said for said in self._react(event) if said is not None]

    def write(self, said: Said) -> str | bytes | None:
        if isinstance(said, str | bytes):
            return said
        if isinstance(said, dict):
            self.protocol.sent_seq += 1
            head = {"version": "2", "id": self.protocol.session_id, "seq": self.protocol.sent_seq}
            return json.dumps(head | {"clientseq": self.protocol.received_seq, "parameters": {}} | said)
        return self.protocol.send(said) if self.protocol.allows(said) else None

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def recording(self) -> bytes:
        """The call as a recorder writes it: gaps as silence, up to the stream clock's position."""
        media = self.protocol.media
        return bytes(self.audio).ljust(self.protocol.clock.position * media.frame_width, b"\xff")

    def _react(self, event: Any) -> list[Said | None]:
        match event:
            case OpenReceived():
                return [self.script.answer(event)]
            case AudioReceived(payload=payload, position=position):
                at = position * self.protocol.media.frame_width
                self.audio += b"\xff" * (at - len(self.audio))
                self.audio += payload
            case PingReceived() if self.script.pong:
                return [Pong()]
            case UpdateReceived() if self.script.updated:
                return [Updated()]
            case CloseReceived() if self.script.closed:
                return [Closed()]
        return []


@dataclass
class Played:
    """A call that was played in virtual time."""

    report: CallReport
    server: Server
    call: ClientCall
    sent: list[tuple[float, str | bytes | Hangup]]


@pytest.fixture
def ids() -> CallIds:
    return IDS


@pytest.fixture
def script() -> type[Script]:
    return Script


@pytest.fixture
def options() -> Callable[..., CallOptions]:
    """Make options: 2 s of tones whose bytes are kept."""

    def make(**given: Any) -> CallOptions:
        return CallOptions(
            **{"url": URL, "api_key": "key", "organization": IDS.organization, "duration": 2.0}
            | {"keep_audio": True}
            | given
        )

    return make


@pytest.fixture
def play(options: Callable[..., CallOptions]) -> Callable[..., Played]:
    """Play a call against a script in virtual time."""
    return lambda script=None, waited=0.0, **given: play_call(options(**given), script or Script(), waited)


def play_call(options: CallOptions, script: Script, waited: float = 0.0) -> Played:
    call = ClientCall(options, CallReport(IDS), waited=waited)
    server = Server(IDS.session, script)
    order = itertools.count()
    queue: list[tuple[float, int, bool, Said]] = []  # time, order, to the client, what
    played = Played(call.report, server, call, [])
    now = 1000.0

    def out(outputs: list[Any]) -> None:
        for output in outputs:
            played.sent.append((now - 1000.0, output))
            if isinstance(output, Hangup):
                continue
            for said in server.take(output, now):
                heapq.heappush(queue, (now + script.latency, next(order), False, said))
            if isinstance(server.events[-1], OpenReceived):
                for at, said in script.says:
                    heapq.heappush(queue, (now + script.latency + at, next(order), False, said))

    out(call.start(now))
    for _ in range(100_000):
        if call.finished:
            return played
        wake = call.wake_at()
        due = min(queue[0][0] if queue else math.inf, math.inf if wake is None else wake)
        assert due < math.inf, "the call waits for ever"
        now = max(now, due)
        if queue and queue[0][0] <= now:
            wire = server.write(heapq.heappop(queue)[3])
            if isinstance(wire, str):
                out(call.receive_text(wire, now))
            elif wire is not None:
                out(call.receive_binary(wire, now))
        else:
            out(call.tick(now))
    raise AssertionError("the call does not end")


@dataclass
class Loopback:
    """A real server: one `Script` for each connection in turn, the last one for all further ones.

    In place of a script an HTTP status refuses the upgrade, and an exception class breaks it off.
    """

    scripts: list[Script | int | type[ConnectionError]] = field(default_factory=lambda: [Script()])
    headers: list[dict[str, str]] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    servers: list[Server] = field(default_factory=list)
    ended: list[int | None] = field(default_factory=list)
    url: str = ""

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something has become true."""
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 - there is nothing to wait for but time
                await asyncio.sleep(0.01)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        script = self.scripts[min(len(self.headers), len(self.scripts) - 1)]
        self.headers.append(dict(request.headers))
        self.targets.append(request.raw_path)
        if isinstance(script, int):
            raise _status(script)
        if isinstance(script, type):
            request.transport.abort()
            raise script
        return await self._converse(request, script)

    async def _converse(self, request: web.Request, script: Script) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        server = Server(request.headers["Audiohook-Session-Id"], script)
        server.protocol._organization_id = request.headers["Audiohook-Organization-Id"]
        self.servers.append(server)
        speaker: asyncio.Task[None] | None = None
        async for message in socket:
            for said in server.take(message.data, asyncio.get_running_loop().time()):
                await _send(socket, server.write(said))
            if isinstance(server.events[-1], OpenReceived):
                speaker = asyncio.create_task(_speak(socket, server, script))
        if speaker is not None:
            speaker.cancel()
            await asyncio.gather(speaker, return_exceptions=True)
        self.ended.append(socket.close_code)
        return socket


async def _speak(socket: web.WebSocketResponse, server: Server, script: Script) -> None:
    began = asyncio.get_running_loop().time()
    for at, said in script.says:
        await asyncio.sleep(began + at - asyncio.get_running_loop().time())
        if said == "END":
            socket._req.transport.abort()
            return
        await _send(socket, server.write(said))


async def _send(socket: web.WebSocketResponse, wire: str | bytes | None) -> None:
    if isinstance(wire, str):
        await socket.send_str(wire)
    elif wire is not None:
        await socket.send_bytes(wire)


def _status(status: int) -> web.HTTPException:
    class Refusal(web.HTTPException):
        status_code = status

    return Refusal(headers={"Location": "/elsewhere"})


@pytest.fixture
async def loopback() -> AsyncIterator[Loopback]:
    """A real server on a free loopback port; set its `scripts` before the call."""
    async with _serving("ws", None) as server:
        yield server


@pytest.fixture
async def tls_loopback() -> AsyncIterator[tuple[Loopback, ssl.SSLContext]]:
    """The same with TLS, and the client's context that trusts it."""
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with _serving("wss", context) as server:
        yield server, trusting


@asynccontextmanager
async def _serving(scheme: str, context: ssl.SSLContext | None) -> AsyncIterator[Loopback]:
    server = Loopback()
    application = web.Application()
    application.router.add_get("/{path:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    server.url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}/audiohook/ws"
    yield server
    await runner.cleanup()
