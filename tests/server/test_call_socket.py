"""Messages past aiohttp's queue: in order, none lost, whatever comes at once."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import WSMessage, WSMsgType, web

from audiohook_fw.server import call_socket
from audiohook_fw.server.call_socket import CallSocket

Serve = Callable[[CallSocket], Awaitable[None]]


class Stage:
    """A server whose one route runs a function on a prepared `CallSocket`; raw connections to it."""

    def __init__(self) -> None:
        self.serve: Serve | None = None
        self.failures: list[BaseException] = []
        self.port = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        socket = CallSocket(autoping=False, compress=False, timeout=0.2, max_msg_size=1 << 20)
        await socket.prepare(request)
        assert self.serve is not None
        try:
            await self.serve(socket)
        except Exception as error:
            self.failures.append(error)
        return socket

    async def connect(self, after: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Upgrade by hand; `after` goes out in one write with the request."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = ["GET / HTTP/1.1", "Host: x", "Connection: Upgrade", "Upgrade: websocket"]
        lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
        writer.write("\r\n".join([*lines, "", ""]).encode() + after)
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        return reader, writer


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    app = web.Application()
    app.router.add_get("/", stage.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stage.port = runner.addresses[0][1]
    yield stage
    await runner.cleanup()
    assert stage.failures == []


def frame(opcode: int, payload: bytes) -> bytes:
    """Return one masked frame of a client."""
    size = len(payload)
    head = struct.pack("!BB", 0x80 | opcode, 0x80 | min(size, 126))
    return head + (struct.pack("!H", size) if size > 125 else b"") + bytes(4) + payload


def number(value: int) -> bytes:
    return frame(WSMsgType.BINARY, str(value).encode())


class Taker:
    """Reads as the server's reader does, and notes what came and on which way.

    Args:
        take: how many messages are taken directly; the next one is left to `receive`.
    """

    def __init__(self, socket: CallSocket, take: int = 1_000_000) -> None:
        self.socket = socket
        self.take = take
        self.direct: list[str] = []
        self.queued: list[str] = []
        self.all: list[str] = []

    def arrived(self, message: WSMessage) -> bool:
        if message.type not in (WSMsgType.BINARY, WSMsgType.TEXT) or not self.take:
            return False
        assert asyncio.current_task() is None
        self.take -= 1
        self.direct.append(self._text(message))
        self.all.append(self.direct[-1])
        return True

    async def run(self, until: str) -> None:
        self.socket.take_directly(self.arrived)
        while until not in self.all:
            self.socket.open_directly()
            waiting = asyncio.ensure_future(self.socket.receive())
            while not waiting.done() and until not in self.all:
                await asyncio.wait([waiting], timeout=0.01)
            if not waiting.done():
                waiting.cancel()
                await asyncio.wait([waiting])
                return
            message = waiting.result()
            self.queued.append(self._text(message))
            self.all.append(self.queued[-1])
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR):
                return

    def _text(self, message: WSMessage) -> str:
        return message.data.decode() if isinstance(message.data, bytes | bytearray) else str(message.data)


async def play(stage: Stage, pieces: list[bytes], *, until: str, take: int = 1_000_000) -> Taker:
    """Send pieces, each in a write of its own (the first with the upgrade); return who took them."""
    taken: asyncio.Future[Taker] = asyncio.get_running_loop().create_future()

    async def serve(socket: CallSocket) -> None:
        taker = Taker(socket, take)
        await taker.run(until)
        taken.set_result(taker)

    stage.serve = serve
    _, writer = await stage.connect(pieces[0])
    for piece in pieces[1:]:
        await asyncio.sleep(0.01)
        writer.write(piece)
    async with asyncio.timeout(60):
        taker = await taken
    writer.close()
    return taker


async def test_messages_are_taken_as_they_arrive(stage: Stage) -> None:
    """This fails when a new aiohttp is put together otherwise: then `call_socket` has to follow it."""
    taker = await play(stage, [b"", *map(number, range(5))], until="4")
    assert taker.direct == ["0", "1", "2", "3", "4"]
    assert taker.queued == []


async def test_what_comes_with_the_upgrade_is_not_lost(stage: Stage) -> None:
    whole = number(0) + frame(WSMsgType.TEXT, b"1") + number(2)
    taker = await play(stage, [whole[:-2], whole[-2:] + number(3)], until="3")
    assert taker.all == ["0", "1", "2", "3"]


async def test_what_is_left_is_queued_and_nothing_overtakes_it(stage: Stage) -> None:
    burst = b"".join(map(number, range(200)))
    taker = await play(stage, [b"", burst, number(200), number(201)], until="201", take=7)
    assert taker.all == [str(n) for n in range(202)]
    assert len(taker.direct) == 7
    assert taker.queued == taker.all[7:]


async def test_it_goes_on_directly_when_the_queue_is_empty(stage: Stage) -> None:
    control = frame(WSMsgType.PING, b"ping")
    taker = await play(stage, [b"", number(0), control, number(1), number(2)], until="2")
    assert taker.all == ["0", "ping", "1", "2"]
    assert taker.queued == ["ping"]


async def test_a_full_queue_stalls_the_parser_and_keeps_the_order(stage: Stage) -> None:
    """64 kB wait at most; the parser goes on from within `receive`, before that has returned."""
    big = [frame(WSMsgType.BINARY, f"{n:05d}".encode() * 1_000) for n in range(60)]
    taker = await play(stage, [b"", b"".join(big) + number(7)], until="7", take=3)
    assert [text[:5] for text in taker.all] == [f"{n:05d}" for n in range(60)] + ["7"]


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
async def test_texts_of_every_length_are_sent_at_once(stage: Stage, size: int) -> None:
    text = "ä" * (size // 2) + "x" * (size % 2)

    async def serve(socket: CallSocket) -> None:
        assert socket.is_clear()
        socket.send_now(text)
        await socket.receive()

    stage.serve = serve
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://127.0.0.1:{stage.port}/", max_msg_size=1 << 20) as client,
    ):
        assert (await client.receive(60)).data == text


async def test_it_is_not_clear_while_something_waits_or_the_connection_is_over(stage: Stage) -> None:
    done = asyncio.Event()

    async def serve(socket: CallSocket) -> None:
        while socket.is_clear():  # nobody reads
            socket.send_now("x" * 60_000)
        transport = socket._transport
        assert transport is not None
        transport.abort()
        assert not socket.is_clear()
        socket.send_now("nobody hears this")
        await socket.receive()
        assert not socket.is_clear()
        done.set()

    stage.serve = serve
    _, writer = await stage.connect()
    async with asyncio.timeout(60):
        await done.wait()
    writer.close()


async def test_with_another_aiohttp_every_message_is_queued(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_socket, "WebSocketReader", lambda queue, size: None)
    taker = await play(stage, [number(0), number(1) + number(2), number(3)], until="3")
    assert taker.queued == ["0", "1", "2", "3"]
    assert taker.direct == []


def test_before_it_is_prepared_nothing_is_direct() -> None:
    socket = CallSocket()
    socket.take_directly(lambda message: True)
    socket.open_directly()
    assert not socket.is_clear()
    socket.send_now("nobody hears this")
