"""A line: an outbox without a socket, and a strict client at the other end. In virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from audiohook_fw.config import LimitsSettings
from audiohook_fw.protocol import (
    ClientProtocol,
    Complaint,
    Open,
    Opened,
    Participant,
    Paused,
    PauseReceived,
    Ping,
    Resumed,
    ResumeReceived,
    ServerMessage,
    ServerProtocol,
    Violated,
    WireEntity,
)
from audiohook_fw.server.outbox import Outbox

ID = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
MONO = {"type": "audio", "format": "PCMU", "channels": ["external"], "rate": 8000}
NOW = timedelta(0)


class Line:
    """An outbox, and a client at the other end of its wire that judges what arrives, and when.

    Attributes:
        sent: what was written: time, and the JSON object or the bytes.
        faults: what a strict client objects to: bad numbers, wrong answers, limits.
        gate: cleared, writing waits for it. broken: raised by the next write.
    """

    def __init__(self, **limits: Any) -> None:
        self.loop = asyncio.get_running_loop()
        self.client = ClientProtocol(ID, connector=True)
        self.server = ServerProtocol(ID)
        self.sent: list[tuple[float, Any]] = []
        self.noted: list[ServerMessage] = []
        self.faults: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken: Exception | None = None
        self.outbox = Outbox(
            self.server,
            self,
            LimitsSettings(**limits),
            clock=self.loop.time,
            on_sent=self.noted.append,
        )
        self.writer: asyncio.Task[None] | None = None

    # the wire

    def is_clear(self) -> bool:
        return self.gate.is_set() and self.broken is None

    async def send_str(self, data: str) -> None:
        await self._pass()
        self.send_now(data)

    def send_now(self, data: str) -> None:
        self.sent.append((self.loop.time(), json.loads(data)))
        event = self.client.receive_text(data, self.loop.time())
        self._judge(event)
        if isinstance(event, PauseReceived):
            self.receive(Paused())
        elif isinstance(event, ResumeReceived):
            self.receive(Resumed(start=NOW, discarded=NOW))

    async def send_bytes(self, data: bytes) -> None:
        await self._pass()
        self.sent.append((self.loop.time(), data))
        self._judge(self.client.receive_binary(data, self.loop.time()))

    async def _pass(self) -> None:
        await self.gate.wait()
        if self.broken is not None:
            raise self.broken

    def _judge(self, event: Any) -> None:
        if isinstance(event, Complaint | Violated):
            self.faults.append(str(event.error))

    # the client

    def receive(self, message: Any) -> Any:
        return self.server.receive_text(self.client.send(message, NOW), self.loop.time())

    def offer(self) -> None:
        self.receive(
            Open(organization_id=ID, conversation_id=ID, participant=Participant(id=ID), media=[MONO])
        )

    async def open(self, **opened: Any) -> None:
        self.offer()
        self.outbox.opened(Opened(media=[MONO], **opened))
        self.write()
        await asyncio.sleep(0)
        assert self.types[0] == "opened"

    def write(self) -> None:
        self.writer = self.loop.create_task(self.outbox.run())

    def ping(self) -> int:
        event = self.receive(Ping())
        self.outbox.pong(event.seq)
        return int(event.seq)

    def say(self, name: object = "", *, size: int = 0, **how: Any) -> None:
        self.outbox.send_entity(WireEntity(type="transcript", data={"name": name, "text": "x" * size}), **how)

    # what came

    @property
    def types(self) -> list[str]:
        return ["audio" if isinstance(what, bytes) else what["type"] for _, what in self.sent]

    def times(self, *types: str) -> list[float]:
        return [when for (when, _), type_ in zip(self.sent, self.types, strict=True) if type_ in types]

    @property
    def names(self) -> list[Any]:
        events = [
            m["parameters"]["entities"]
            for _, m in self.sent
            if not isinstance(m, bytes) and m["type"] == "event"
        ]
        return [entity["data"].get("name", entity["type"]) for entities in events for entity in entities]

    @property
    def played(self) -> list[bytes]:
        return [what for _, what in self.sent if isinstance(what, bytes)]

    async def stop(self) -> None:
        if self.writer is not None:
            self.writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError, TimeoutError):
                await self.writer


@pytest.fixture
async def line() -> AsyncIterator[Callable[..., Line]]:
    """Make lines; at the end the client must have had nothing to object to."""
    made: list[Line] = []

    def make(**limits: Any) -> Line:
        made.append(Line(**limits))
        return made[-1]

    yield make
    for each in made:
        await each.stop()
        assert each.faults == []


@pytest.fixture(scope="session")
def make_line() -> type[Line]:
    """Make lines that nobody stops or checks: for tests that run many."""
    return Line
