"""Virtual time in which sockets are real, and a client as strict as Genesys."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from audiohook_fw.protocol import (
    ClientMessage,
    ClientProtocol,
    Close,
    Complaint,
    DisconnectReceived,
    MediaFormat,
    Open,
    Participant,
    Paused,
    PauseReceived,
    Ping,
    Resumed,
    ResumeReceived,
    Violated,
)
from audiohook_fw.telemetry import LimitedLogger, current_context
from audiohook_fw.testing import VirtualLoop

ORGANIZATION = "d7934305-0972-4844-938e-9060eef73d05"
NULL = "00000000-0000-0000-0000-000000000000"


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual": VirtualLoop}


class Caller:
    """Genesys on one connection: numbers its messages right, answers pauses, and judges what it gets.

    Attributes:
        got: every text message, as JSON object. audio: every binary message.
        faults: broken rules that `ClientProtocol` found; a test that expects none asserts it is empty.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, session_id: str, connector: bool) -> None:
        self.socket = socket
        self.session_id = session_id
        self.protocol = ClientProtocol(session_id, connector=connector)
        self.got: list[dict[str, Any]] = []
        self.audio: list[bytes] = []
        self.faults: list[str] = []
        self.samples = 0
        self.closing = True  # whether a `disconnect` is answered
        self.obeying = True  # whether a `pause` or `resume` is
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self.reader = self._loop.create_task(self._read())

    # what it says -------------------------------------------------------------------------------

    @staticmethod
    def offer(*channels: str, format: str = "PCMU") -> dict[str, Any]:  # noqa: A002
        return MediaFormat(format, channels, 8000).to_wire()

    def message(self, **changes: Any) -> Open:
        fields: dict[str, Any] = {
            "organization_id": ORGANIZATION,
            "conversation_id": str(uuid4()),
            "participant": Participant(id=str(uuid4()), ani="+4930111", ani_name="Ada", dnis="+4930222"),
            "media": [
                self.offer("external", "internal"),
                self.offer("external"),
                self.offer("internal"),
            ],
            **changes,
        }
        return Open(**fields)

    async def open(self, **changes: Any) -> dict[str, Any]:
        """Open, and return the answer: `opened`, `disconnect` or `closed`."""
        await self.say(self.message(**changes))
        return await self.until("opened", "disconnect", "closed")

    async def probe(self, **changes: Any) -> dict[str, Any]:
        nobody = Participant(id=NULL)
        return await self.open(conversation_id=NULL, participant=nobody, **changes)

    async def say(self, message: ClientMessage) -> int:
        """Send a message, and return its number."""
        text = self.protocol.send(message, timedelta(seconds=self.samples / 8000))
        await self.socket.send_str(text)
        return self.protocol.sent_seq

    async def raw(self, type_: str, parameters: Any = None, **envelope: Any) -> None:
        """Send a message that the strict client would not; a field set to `...` is left out."""
        message = {
            "version": "2",
            "id": self.session_id,
            "type": type_,
            "seq": self.protocol.sent_seq + 1,
            "serverseq": self.protocol.received_seq,
            "position": "PT0S",
            "parameters": {} if parameters is None else parameters,
            **envelope,
        }
        self.protocol.sent_seq += 1
        await self.socket.send_str(json.dumps({k: v for k, v in message.items() if v is not ...}))

    async def hear(self, payload: bytes) -> None:
        """Send a frame."""
        assert self.protocol.media is not None
        self.samples += self.protocol.media.samples(len(payload))
        await self.socket.send_bytes(self.protocol.send_audio(payload))

    async def ping(self, rtt: float | None = None) -> dict[str, Any]:
        """Send a ping and return its pong."""
        before = self.count("pong")
        seq = await self.say(Ping(rtt=None if rtt is None else timedelta(seconds=rtt)))
        await self.wait(lambda: self.count("pong") > before)
        pong = self.all("pong")[before]
        assert pong["clientseq"] == seq
        return pong

    async def stay(self, seconds: float) -> None:
        """Let time pass as the real client does: with a ping every five seconds."""
        end = self._loop.time() + seconds
        while (left := end - self._loop.time()) > 0:
            await asyncio.sleep(min(5.0, left))
            if not self.socket.closed and self.protocol.state == "open":
                await self.ping()

    async def close(self, reason: str = "end") -> dict[str, Any]:
        """Close, and return `closed`; then close the socket as the client does."""
        seq = await self.say(Close(reason=reason))
        closed = await self.until("closed")
        assert closed["clientseq"] == seq
        await self.hang_up()
        return closed

    async def hang_up(self) -> None:
        """Close the socket in order."""
        await self.socket.close()
        await self.reader

    def cut(self) -> None:
        """Break the connection off."""
        response = self.socket._response
        assert response.connection is not None
        assert response.connection.transport is not None
        response.connection.transport.abort()

    # what it gets -------------------------------------------------------------------------------

    def all(self, *types: str) -> list[dict[str, Any]]:
        return [message for message in self.got if message["type"] in types]

    def count(self, *types: str) -> int:
        return len(self.all(*types))

    @property
    def types(self) -> list[str]:
        return [message["type"] for message in self.got]

    async def until(self, *types: str, count: int = 1) -> dict[str, Any]:
        """Wait for the `count`-th message of these types, and return it."""
        await self.wait(lambda: self.count(*types) >= count)
        return self.all(*types)[count - 1]

    async def wait(self, done: Callable[[], bool], seconds: float = 120.0) -> None:
        async with asyncio.timeout(seconds):
            while not done():
                assert not self.reader.done(), f"the connection ended after {self.types}"
                self._news.clear()
                await self._news.wait()

    async def _read(self) -> None:
        try:
            async for message in self.socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self.got.append(json.loads(message.data))
                    await self._judge(self.protocol.receive_text(message.data, self._loop.time()))
                else:
                    self.audio.append(message.data)
                    await self._judge(self.protocol.receive_binary(message.data, self._loop.time()))
                self._news.set()
        finally:
            self._news.set()

    async def _judge(self, event: Any) -> None:
        match event:
            case Violated(error=error) | Complaint(error=error):
                self.faults.append(str(error))
            case PauseReceived() if self.obeying:
                await self.say(Paused())
            case ResumeReceived(still_paused=True) if self.obeying:
                await self.say(Paused())
            case ResumeReceived() if self.obeying:
                here = timedelta(seconds=self.samples / 8000)
                await self.say(Resumed(start=here, discarded=timedelta(0)))
            case DisconnectReceived() if self.closing:
                await self.say(Close(reason="disconnect"))
            case _:
                pass


@pytest.fixture(scope="session")
def make_caller() -> type[Caller]:
    """Make callers."""
    return Caller


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[logging.LogRecord]]:
    """Every log record of the process at debug level; none is left out for coming too often."""
    found: list[logging.LogRecord] = []
    monkeypatch.setattr(LimitedLogger, "_left_out", lambda self, key: 0)

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            record.__dict__["context"] = dict(current_context())
            found.append(record)

    root, handler = logging.getLogger(), Keep(0)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    with contextlib.ExitStack() as stack:
        stack.callback(root.removeHandler, handler)
        stack.callback(root.setLevel, level)
        yield found


@pytest.fixture(scope="session")
def virtually() -> Callable[..., Any]:
    """Run a coroutine in virtual time of its own: for tests that run many."""

    def run(coroutine: Any) -> Any:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(coroutine)

    return run
