"""Calls that end badly, fall silent, flood, or do not read."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

from .place import SILENCE
from .played import Played
from .raw import BINARY, CLOSE, PING, TEXT, GoneError, Line, frame
from .stage import Stage

__all__ = [
    "crowd",
    "cut_mid_frame",
    "cut_while_opening",
    "early_close",
    "flood_audio",
    "flood_messages",
    "flood_pings",
    "flood_websocket_pings",
    "half_close",
    "keep_open",
    "no_reader",
    "reset",
    "silence",
    "takeover",
]

_FRAME = bytes(1600)


async def _begin(line: Line, **options: object) -> str:
    """Open a call and say a little; return why not, if it is so."""
    answer = await line.open(**options)  # type: ignore[arg-type]
    if answer == "opened":
        for _ in range(line.rng.randrange(20)):
            await line.audio(line.rng.randbytes(1600))
    return "" if answer == "opened" else answer


async def reset(stage: Stage, rng: random.Random, played: Played) -> str:
    """End the connection with a TCP reset."""
    line = Line(stage, rng, played)
    if why := await _begin(line):
        return why
    await asyncio.sleep(rng.uniform(0, 0.3))
    line.reset()
    return "reset"


async def half_close(stage: Stage, rng: random.Random, played: Played) -> str:
    """Say that nothing more comes, without a `close`; the server has to end it."""
    line = Line(stage, rng, played)
    try:
        if why := await _begin(line):
            return why
        if rng.random() < 0.3:
            await line.frame(CLOSE, b"\x03\xe9")
        line.half_close()
        await line.gone()
        return "ended by the server"
    finally:
        line.cut()


async def cut_mid_frame(stage: Stage, rng: random.Random, played: Played) -> str:
    """Break off in the middle of a frame."""
    line = Line(stage, rng, played)
    if why := await _begin(line):
        return why
    whole = frame(rng.choice([TEXT, BINARY]), rng.randbytes(rng.choice([100, 5_000, 60_000])))
    with suppress(GoneError):
        await line.write(whole[: rng.randrange(1, len(whole))])
    (line.reset if rng.random() < 0.5 else line.cut)()
    return "broken off"


async def cut_while_opening(stage: Stage, rng: random.Random, played: Played) -> str:
    """Break off before `opened`, at any point of the beginning; or stay there until the server has enough."""
    line = Line(stage, rng, played)
    try:
        await line.connect()
        headers = line.headers()
        point = rng.randrange(4)
        if point == 0:
            await line.write(b"GET /audiohook/ws HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        elif await line.upgrade(headers) != 101:
            return "refused"
        if point == 2:
            await line.write(frame(TEXT, b'{"version": "2", "type": "open"')[:-10])
        elif point == 3:
            await line.say_open()
            await asyncio.sleep(rng.uniform(0, 0.01))
        if rng.random() < 0.5 or point == 3:
            (line.reset if rng.random() < 0.5 else line.cut)()
            return "broken off"
        await line.gone()
        return "ended by the server"
    finally:
        line.cut()


async def early_close(stage: Stage, rng: random.Random, played: Played) -> str:
    """Send `close` right behind `open`, with audio and pings between."""
    line = Line(stage, rng, played)
    try:
        await line.connect()
        if await line.upgrade() != 101:
            return "refused"
        await line.say_open(**({} if rng.random() < 0.5 else {"customConfig": {"chaos": "reject"}}))
        if rng.random() < 0.5:
            await line.audio(_FRAME)  # taken only when `opened` was quicker
        await line.say("close", reason="end")
        answer = await line.until("closed", "opened", "disconnect")
        if answer["type"] != "closed":  # it may have been quicker than our `close`
            played.opened += answer["type"] == "opened"
            await line.until("closed")
        await line.gone()
        return "closed"
    finally:
        line.cut()


async def silence(stage: Stage, rng: random.Random, played: Played) -> str:
    """Fall silent, as a dead client does; the server has to say so, and to end it."""
    line = Line(stage, rng, played)
    try:
        if why := await _begin(line):
            return why
        loop = asyncio.get_running_loop()
        began = loop.time()
        message = await line.until("disconnect", seconds=SILENCE + 10)
        stage.checks("a silent client is told after its time", loop.time() - began > SILENCE - 2, message)
        if rng.random() < 0.3:
            await line.leave("disconnect")
            return "closed"
        await line.gone()
        return "ended by the server"
    finally:
        line.cut()


async def keep_open(stage: Stage, rng: random.Random, played: Played) -> str:
    """Close the call, but not the connection: that is left to the server."""
    line = Line(stage, rng, played)
    try:
        if why := await _begin(line):
            return why
        await line.say("close", reason="end")
        await line.until("closed")
        if rng.random() < 0.5:
            for _ in range(5):
                with suppress(GoneError):
                    await line.frame(BINARY, _FRAME)
        await line.gone()
        return "ended by the server"
    finally:
        line.cut()


async def flood_audio(stage: Stage, rng: random.Random, played: Played) -> str:
    """Send minutes of audio as fast as the connection takes it."""
    line = Line(stage, rng, played)
    try:
        if why := await _begin(line):
            return why
        size = rng.choice([160, 1_600, 8_000, 64_000])
        payload = rng.randbytes(size)
        for _ in range(min(2_000, 3_000_000 // size)):
            await line.audio(payload)
        await line.leave()
        return "closed"
    finally:
        line.cut()


async def flood_pings(stage: Stage, rng: random.Random, played: Played) -> str:
    """Send hundreds of pings and updates at once: few are answered, in order, and the call goes on."""
    line = Line(stage, rng, played, every_pong=False)
    try:
        if why := await _begin(line):
            return why
        for _ in range(rng.randrange(200, 1_500)):
            await line.say(*rng.choice([("ping",), ("ping",), ("update",)]))
        await line.audio(_FRAME)
        await line.leave()
        return "closed"
    finally:
        line.cut()


async def flood_messages(stage: Stage, rng: random.Random, played: Played) -> str:
    """Send thousands of unknown messages, errors and pauses at once."""
    line = Line(stage, rng, played)
    try:
        if why := await _begin(line):
            return why
        for number in range(rng.randrange(500, 2_000)):
            match rng.randrange(6):
                case 0:
                    await line.say("error", code=429, message="slow down", retryAfter="PT0.1S")
                case 1:
                    await line.say("error", code=number, message="€" * rng.randrange(100))
                case _:
                    await line.say(f"unknown{number}", text="x" * rng.randrange(200))
        await line.leave()
        return "closed"
    finally:
        line.cut()


async def flood_websocket_pings(stage: Stage, rng: random.Random, played: Played) -> str:
    """Send more WebSocket pings than anybody needs: the server ends it."""
    line = Line(stage, rng, played)
    try:
        if why := await _begin(line):
            return why
        count = rng.choice([50, 1_000, 5_000])
        ping = frame(PING, rng.randbytes(rng.choice([0, 125])))
        with suppress(GoneError):
            for _ in range(0, count, 50):
                await line.write(ping * 50)
            if count == 50:
                await line.leave()
                return "closed"
        await line.gone()
        stage.checks("few WebSocket pings do no harm", count != 50, count)
        return "ended by the server"
    finally:
        line.cut()


async def no_reader(stage: Stage, rng: random.Random, played: Played) -> str:
    """Read nothing of what the server plays and answers; at last it gives up or falls silent, too."""
    line = Line(stage, rng, played, every_pong=False)
    mono = [{"type": "audio", "format": "PCMU", "channels": ["external"], "rate": 8000}]
    try:
        loud = {"chaos": "loud"}
        answer = await line.open(product="connector", buffer=4_096, media=mono, customConfig=loud)
        if answer != "opened":
            return answer
        try:
            for _ in range(rng.randrange(20, 120)):
                await line.say("ping")
                await line.write(frame(PING, bytes(125)))
                await line.audio(_FRAME)
                await asyncio.sleep(0.1)
        except GoneError:
            return "ended by the server"
        line.reset()
        return "reset"
    finally:
        line.cut()


async def takeover(stage: Stage, rng: random.Random, played: Played) -> str:
    """Open a session again while it is open: the newer connection wins, the older one is cut."""
    older, newer = Line(stage, rng, played), Line(stage, rng, played)
    try:
        if why := await _begin(older):
            return why
        sent = played.sent
        if why := await _begin(newer):
            return why
        await older.gone()
        await newer.leave()
        played.sent -= sent  # the books of the newer one are judged
        return "closed"
    finally:
        older.cut()
        newer.cut()


async def crowd(stage: Stage, rng: random.Random, played: Played) -> str:
    """Connect twenty times at once, and let most of it be."""
    lines = [Line(stage, rng, Played(played.number, played.behaviour)) for _ in range(20)]
    try:
        await asyncio.gather(*(line.connect() for line in lines))
        if await lines[0].upgrade() != 101:
            return "refused"
        for line in lines:
            line.reset() if rng.random() < 0.5 else line.cut()
        return "broken off"
    finally:
        for line in lines:
            line.cut()
