"""Whatever a client sends: the documented answer, and no other call notices."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from audiohook_fw.plugin import hookimpl

OTHER = "0190b0e3-95d3-7570-ac13-9a62d8f514c0"


class Ear:
    def __init__(self) -> None:
        self.heard: dict[str, int] = {}
        self.ended: list[str] = []

    @hookimpl
    def on_audio(self, session: Any, frame: Any) -> None:
        self.heard[session.id] = self.heard.get(session.id, 0) + frame.length

    @hookimpl
    def on_end(self, session: Any) -> None:
        self.ended.append(session.id)


@pytest.fixture
async def ear(house: Any) -> Ear:
    ear = Ear()
    await house.start(ear=ear)
    return ear


@pytest.fixture
async def bystander(house: Any, ear: Ear) -> AsyncIterator[Any]:
    """Another call, which must not notice anything."""
    caller = await house.opened()
    await caller.hear(b"\x10" * 1_600)
    yield caller
    await caller.hear(b"\x10" * 1_600)
    await caller.ping()
    await caller.close()
    assert caller.types == ["opened", "pong", "closed"]
    assert caller.faults == []
    assert ear.heard[caller.session_id] == 1_600


async def is_disconnected(caller: Any, reason: str, info: str) -> None:
    """Check the answer to a broken rule, and that the connection then ends in order."""
    caller.closing = False
    answer = await caller.until("disconnect")
    assert answer["parameters"]["reason"] == reason
    assert info in answer["parameters"]["info"]
    for nonsense in ("{", "[]", json.dumps({"version": "2", "type": "ping", "seq": 99})):
        await caller.socket.send_str(nonsense)
    await caller.socket.send_bytes(b"\xff" * 3)
    await caller.raw("close", {"reason": "error"}, seq=4711)
    closed = await caller.until("closed")
    assert closed["clientseq"] == 4711
    await caller.hang_up()
    assert caller.count("disconnect") == caller.count("closed") == 1


@pytest.mark.parametrize(
    ("text", "info"),
    [
        ("", "malformed message"),
        ("{", "malformed message"),
        ("null", "malformed message"),
        ("[1, 2]", "malformed message"),
        ('"open"', "malformed message"),
        ("{}", "malformed message: version"),
        ("[" * 10_000, "malformed message"),
        ('{"a":' * 10_000, "malformed message"),
        ('{"version":"1","type":"open","id":"x","seq":1,"parameters":{}}', "version"),
        ('{"version":"2","type":"open","id":"x","seq":1,"parameters":{}}', "session id"),
        ('{"version":"2","type":"open","id":"x","seq":"1","parameters":{}}', "seq"),
        ('{"version":"2","type":"open","id":"x","seq":1e400,"parameters":{}}', "seq"),
        ('{"version":"2","type":7,"id":"x","seq":1,"parameters":{}}', "type"),
        ('{"version":"2","type":"open","id":"x","seq":1,"parameters":[]}', "parameters"),
        ("\x00\u2028\U0001f600", "malformed message"),
    ],
)
@pytest.mark.parametrize("opened", [False, True])
async def test_text_that_is_no_message(
    text: str, info: str, opened: bool, house: Any, bystander: Any
) -> None:
    caller = await (house.opened() if opened else house.call())
    await caller.socket.send_str(text)
    await is_disconnected(caller, "error", info)


@pytest.mark.parametrize(
    ("changes", "info"),
    [
        ({"seq": 3}, "seq is 3, expected 2"),
        ({"seq": 1}, "seq is 1, expected 2"),
        ({"seq": 0}, "seq is 0"),
        ({"id": OTHER}, "session id"),
        ({"serverseq": 99}, "acknowledges"),
        ({"version": "3"}, "version"),
        ({"seq": ...}, "seq"),
        ({"seq": -1}, "seq"),
        ({"id": ...}, "id"),
    ],
)
async def test_an_envelope_that_is_wrong(changes: Any, info: str, house: Any, bystander: Any) -> None:
    caller = await house.opened()
    await caller.raw("ping", {}, **changes)
    await is_disconnected(caller, "error", info)


@pytest.mark.parametrize(
    ("changes", "info"),
    [
        ({"participant": ...}, "participant"),
        ({"participant": {"id": "me"}}, "participant.id"),
        ({"conversationId": "mine"}, "conversationId"),
        ({"media": "PCMU"}, "media"),
        ({"media": ...}, "media"),
        ({"organizationId": ...}, "organizationId"),
    ],
)
async def test_an_open_that_is_wrong(changes: Any, info: str, house: Any, bystander: Any) -> None:
    caller = await house.call()
    parameters = {**caller.message().to_wire(), **changes}
    await caller.raw("open", {k: v for k, v in parameters.items() if v is not ...})
    await is_disconnected(caller, "error", info)


async def test_an_open_of_another_organization(house: Any, bystander: Any) -> None:
    caller = await house.call()
    await caller.raw("open", {**caller.message().to_wire(), "organizationId": str(uuid4())})
    await is_disconnected(caller, "unauthorized", "organization")
    assert caller.count("opened") == 0


async def test_a_second_open(house: Any, ear: Ear, bystander: Any) -> None:
    caller = await house.opened()
    await caller.raw("open", caller.message().to_wire())
    await is_disconnected(caller, "error", "open while active")
    await asyncio.sleep(1)
    assert ear.ended == [caller.session_id]


async def test_a_second_open_while_plugins_decide(house: Any) -> None:
    class Slow:
        @hookimpl
        async def on_open(self) -> None:
            await asyncio.sleep(1.5)

    await house.start(slow=Slow())
    caller = await house.call()
    await caller.say(caller.message())
    await caller.raw("open", caller.message().to_wire())
    await is_disconnected(caller, "error", "open while opening")
    assert caller.count("opened") == 0


@pytest.mark.parametrize("type_", ["ping", "update", "paused", "dtmf", "discarded"])
async def test_messages_before_open(type_: str, house: Any, bystander: Any) -> None:
    caller = await house.call()
    await caller.raw(type_, {"digit": "1", "start": "PT0S", "discarded": "PT0S"})
    await is_disconnected(caller, "error", f"{type_} while upgraded")


async def test_close_before_open_is_fine(house: Any, bystander: Any) -> None:
    caller = await house.call()
    await caller.raw("close", {"reason": "end"})
    assert (await caller.until("closed"))["clientseq"] == 1
    await caller.hang_up()


async def test_binary_before_open(house: Any, bystander: Any) -> None:
    caller = await house.call()
    await caller.socket.send_bytes(b"\xff" * 1_600)
    await is_disconnected(caller, "error", "audio while upgraded")


async def test_a_torn_frame_and_an_empty_one(house: Any, ear: Ear, bystander: Any) -> None:
    caller = await house.opened()
    await caller.socket.send_bytes(b"")
    await caller.ping()
    await caller.socket.send_bytes(b"\xff" * 1_601)
    await is_disconnected(caller, "error", "whole samples")
    assert caller.session_id not in ear.heard


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("kind", ["text", "binary"])
async def test_messages_over_the_limit_close_the_socket_with_1009(
    kind: str, opened: bool, house: Any, ear: Ear, bystander: Any
) -> None:
    caller = await (house.opened() if opened else house.call())
    if kind == "text":
        await caller.socket.send_str(json.dumps({"x": "y" * 70_000}))
    else:
        await caller.socket.send_bytes(b"\xff" * 400_000)
    await caller.reader
    assert caller.socket.close_code == 1009
    assert house.value("protocol.errors", code="413") == 1
    await asyncio.sleep(1)
    assert ear.ended == ([caller.session_id] if opened else [])


async def test_a_message_at_the_limit_is_taken(house: Any, ear: Ear, bystander: Any) -> None:
    caller = await house.opened()
    await caller.hear(b"\x10" * 65_536)
    await caller.raw("long", {"x": "y" * 65_000})
    await caller.ping()
    assert ear.heard[caller.session_id] == 32_768
    await caller.close()


async def test_text_that_is_too_long_for_the_protocol_alone_is_a_violation(house: Any) -> None:
    house.limit(message_bytes=1_000_000)
    await house.start()
    for kind in ("text", "binary"):
        caller = await house.opened()
        if kind == "text":
            await caller.socket.send_str(json.dumps({"x": "y" * 70_000}))
        else:
            await caller.socket.send_bytes(b"\xff" * 400_000)
        await is_disconnected(caller, "error", "longer than 65536 bytes")
    assert house.value("protocol.errors", code="413") == 2


@pytest.mark.parametrize("opened", [False, True])
async def test_invalid_utf_8_closes_the_socket_with_1007(
    opened: bool, house: Any, ear: Ear, bystander: Any
) -> None:
    caller = await (house.opened() if opened else house.call())
    await caller.socket._writer.send_frame(b'{"version": "\xff\xfe"}', 1)
    await caller.reader
    assert caller.socket.close_code == 1007
    assert house.value("protocol.errors", code="400") == 1
    await asyncio.sleep(1)
    assert ear.ended == ([caller.session_id] if opened else [])


@pytest.mark.parametrize(
    "frame",
    [
        b"\x83\x80\x00\x00\x00\x00",  # a reserved opcode
        b"\xf1\x80\x00\x00\x00\x00",  # reserved bits
        b"\x80\x80\x00\x00\x00\x00",  # a continuation of nothing
        b"\x89\xfe\x00\x80\x00\x00\x00\x00" + b"x" * 128,  # a control frame that is too long
        b"\xc1\x85\x00\x00\x00\x00hello",  # compressed, which was not agreed
    ],
)
async def test_bytes_that_are_no_websocket(frame: bytes, house: Any, ear: Ear, bystander: Any) -> None:
    caller = await house.opened()
    caller.socket._response.connection.transport.write(frame)
    await caller.reader
    await asyncio.sleep(1)
    assert ear.ended == [caller.session_id]


async def test_what_is_wrong_is_counted_by_code_and_logged_without_what_was_said(
    house: Any, ear: Ear, records: list[Any]
) -> None:
    for text in ('{"secret": "Rosebud', '{"version":"Rosebud","type":"Rosebud","id":"Rosebud","seq":1}'):
        caller = await house.call()
        await caller.socket.send_str(text)
        await caller.until("disconnect")
        assert "Rosebud" not in json.dumps(caller.got)
    assert house.value("protocol.errors", code="400") == 2
    assert any("broke a rule" in record.getMessage() for record in records)
    assert not any("Rosebud" in record.getMessage() for record in records)
