"""Clients that break the rules: of signatures, of HTTP, of WebSocket, of AudioHook."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from .played import Played
from .raw import BINARY, CONTINUATION, TEXT, GoneError, Line
from .stage import Stage

__all__ = [
    "bad_frame",
    "bad_http",
    "bad_message",
    "bad_request",
    "fragments",
    "jumping",
    "replay",
    "too_long",
]


async def bad_request(stage: Stage, rng: random.Random, played: Played) -> str:
    """Ask for an upgrade that must not be given."""
    line = Line(stage, rng, played)
    try:
        await line.connect()
        headers = _spoil(line, rng)
        status = await line.upgrade(headers)
        stage.checks("a bad request is refused", status in (401, 0), (status, sorted(headers)))
        return "refused with 401" if status else "closed unanswered"
    finally:
        line.cut()


def _spoil(line: Line, rng: random.Random) -> dict[str, str]:
    now = int(line.stage.wall())
    match rng.randrange(8):
        case 0:
            return line.headers(secret=b"another secret")
        case 1:
            return line.headers(created=now - rng.choice([60, 3_600, 10**9]))
        case 2:
            return line.headers(created=now + rng.choice([60, 3_600, 10**9]))
        case 3:
            return line.headers(nonce="short")
        case 4:
            return line.headers(key_id="somebody")
        case 5:
            return {**line.headers(), "Audiohook-Session-Id": line.new_id()}
        case 6:
            headers = line.headers()
            del headers[rng.choice([name for name in headers if name != "Host"])]
            return headers
        case _:
            headers = line.headers()
            name = rng.choice(["Signature", "Signature-Input", "X-API-KEY", "Audiohook-Organization-Id"])
            return {**headers, name: rng.choice(["", "sig1=", "x", "é" * 50, '"' * 9, "a" * 7_000])}


async def replay(stage: Stage, rng: random.Random, played: Played) -> str:
    """Send a request again that was let in a moment ago."""
    line = Line(stage, rng, played)
    again = Line(stage, rng, Played(played.number, played.behaviour))
    try:
        if (answer := await line.open()) != "opened":
            return answer
        await again.connect()
        jumps = stage.jumps
        status = await again.ask(line.request)
        stage.checks("a request counts once", status in (401, 0) or jumps != stage.jumps, status)
        await line.leave()
        return "refused, then closed"
    finally:
        line.cut()
        again.cut()


async def bad_http(stage: Stage, rng: random.Random, played: Played) -> str:
    """Speak something else than an upgrade."""
    line = Line(stage, rng, played)
    host = "Host: 127.0.0.1\r\n"
    requests = [
        f"GET /health/live HTTP/1.1\r\n{host}\r\n",
        f"GET /health/ready HTTP/1.1\r\n{host}\r\n",
        f"GET /admin/status HTTP/1.1\r\n{host}\r\n",
        f"POST /audiohook/ws HTTP/1.1\r\n{host}Content-Length: 5\r\n\r\n12345",
        f"GET /audiohook/ws HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
        f"GET /{'x' * 9_000} HTTP/1.1\r\n{host}\r\n",
        f"GET / HTTP/1.1\r\n{host}" + "X: y\r\n" * 2_000 + "\r\n",
        "\x16\x03\x01 is how TLS begins",
        "\r\n\r\n\x00\xff\r\n\r\n",
    ]
    choice = rng.randrange(len(requests))
    try:
        await line.connect()
        status = await line.ask(requests[choice].encode("latin-1"))
        if choice == 0:
            stage.checks("a server under chaos is live", status == 200, status)
        stage.checks("nothing but an upgrade is no upgrade", status != 101, status)
        return f"answered {status}" if status else "closed unanswered"
    finally:
        line.cut()


Act = Callable[[Line, random.Random], Awaitable[None]]


async def _wrong_number(line: Line, rng: random.Random) -> None:
    await line.text(line.message("ping", envelope={"seq": line.seq + rng.choice([0, 2, 50])}))


async def _second_open(line: Line, rng: random.Random) -> None:
    await line.say_open()


async def _malformed(line: Line, rng: random.Random) -> None:
    texts = ["", "{", "[]", "null", '"ping"', "{}", "[" * 5_000, '{"version": "2"}', "\x00", "\ud83d".encode(
        "utf-8", "replace").decode(), '{"a":1' + ',"b":2' * 3_000 + "}"]  # fmt: skip
    await line.frame(TEXT, rng.choice(texts).encode())


async def _wrong_field(line: Line, rng: random.Random) -> None:
    field: dict[str, Any] = rng.choice(
        [
            *({"version": "1"}, {"id": line.new_id()}, {"serverseq": 10_000}, {"type": 7}, {"seq": "x"}),
            *({"parameters": []}, {"seq": -1}, {"seq": 10**40}, {"id": None}),
        ]
    )
    text = line.message("ping", envelope={"seq": line.seq + 1, **field})
    await line.frame(TEXT, text.encode())  # not noted: it does not count


async def _wrong_parameters(line: Line, rng: random.Random) -> None:
    breaches: list[tuple[str, dict[str, Any]]] = [
        ("discarded", {"start": "PT1S"}),
        ("discarded", {"start": "yesterday", "discarded": "PT1S"}),
        ("resumed", {"start": "PT0S", "discarded": "PT-5S"}),
        ("dtmf", {"digit": 5}),
    ]
    type_, parameters = rng.choice(breaches)
    await line.say(type_, **parameters)


async def _half_sample(line: Line, rng: random.Random) -> None:
    await line.frame(BINARY, bytes(161))


_BREACHES: Final[tuple[Act, ...]] = (
    _wrong_number, _second_open, _malformed, _wrong_field, _wrong_parameters, _half_sample,
)  # fmt: skip


async def bad_message(stage: Stage, rng: random.Random, played: Played) -> str:
    """Break a rule of AudioHook: the server says `disconnect`, and the call ends by the protocol."""
    line = Line(stage, rng, played)
    try:
        if (answer := await line.open()) != "opened":
            return answer
        for _ in range(rng.randrange(10)):
            await line.audio(rng.randbytes(1600))
        breach = rng.choice(_BREACHES)
        await breach(line, rng)
        message = await line.until("disconnect")
        stage.checks("a broken rule is an error", message["parameters"]["reason"] == "error", message)
        if rng.random() < 0.3:  # never close
            await line.gone()
            return "ended by the server"
        await line.leave("disconnect")
        return "closed"
    finally:
        line.cut()


async def bad_frame(stage: Stage, rng: random.Random, played: Played) -> str:
    """Break a rule of WebSocket: the server ends the connection."""
    line = Line(stage, rng, played)
    try:
        if (answer := await line.open()) != "opened":
            return answer
        with suppress(GoneError):
            match rng.randrange(6):
                case 0:
                    await line.frame(TEXT, b'{"text": "\xff\xfe"}')
                case 1:
                    await line.frame(rng.choice([3, 7, 11, 15]), b"x")
                case 2:
                    await line.frame(TEXT, b"{}", first=0x80 | rng.choice([0x40, 0x20, 0x10]))
                case 3:
                    await line.frame(CONTINUATION, b"of nothing")
                case 4:
                    await line.frame(9, b"", first=0)  # a ping in fragments
                case _:
                    await line.frame(9, bytes(126))
        await line.gone()
        return "ended by the server"
    finally:
        line.cut()


async def too_long(stage: Stage, rng: random.Random, played: Played) -> str:
    """Send a message that is too long, at once or in fragments: the server ends the connection."""
    line = Line(stage, rng, played)
    try:
        if (answer := await line.open()) != "opened":
            return answer
        opcode = rng.choice([TEXT, BINARY])
        with suppress(GoneError):
            if rng.random() < 0.5:
                await line.frame(opcode, b" " * rng.choice([65_537, 100_000, 2_000_000]))
            else:
                await line.frame(opcode, b" " * 60_000, first=0)
                for _ in range(40):
                    await line.frame(CONTINUATION, b" " * 60_000, first=0)
        await line.gone()
        return "ended by the server"
    finally:
        line.cut()


async def fragments(stage: Stage, rng: random.Random, played: Played) -> str:
    """Send a good call in small fragments: that is allowed."""
    line = Line(stage, rng, played)
    try:
        if (answer := await line.open()) != "opened":
            return answer
        for _ in range(rng.randrange(1, 10)):
            line.seq += 1
            text = line.message("ping")
            line.wire.sent(text)
            data, opcode = text.encode(), TEXT
            while data:
                size = rng.randrange(1, 60)
                await line.frame(opcode, data[:size], first=0x80 if len(data) <= size else 0)
                data, opcode = data[size:], CONTINUATION
            await line.until("pong")
        await line.leave()
        return "closed"
    finally:
        line.cut()


async def jumping(stage: Stage, rng: random.Random, played: Played) -> str:
    """Claim positions that jump to and fro, years ahead: the server bounds them, and the call goes on."""
    line = Line(stage, rng, played)
    try:
        if (answer := await line.open()) != "opened":
            return answer
        for _ in range(rng.randrange(1, 8)):
            start = f"PT{rng.choice([0, 0.5, 10, 1_000, 10**9])}S"
            length = f"PT{rng.choice([0, 0.1, 3, 60, 10**9])}S"
            if rng.random() < 0.5:
                await line.say("paused")
                await line.say("resumed", start=start, discarded=length)
            else:
                await line.say("discarded", start=start, discarded=length)
            for _ in range(rng.randrange(5)):
                await line.audio(rng.randbytes(1600))
        await line.say("ping")
        await line.until("pong")
        await line.leave()
        return "closed"
    finally:
        line.cut()
