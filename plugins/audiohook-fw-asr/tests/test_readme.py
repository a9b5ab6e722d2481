"""The vendor's plugin of the README, taken from there, talks to a vendor over real sockets."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import WSMsgType, web
from audiohook_fw_asr.testing import Reading, make_result, pause, speak

from audiohook_fw import Event, Session, SessionHandler, Transcript, hookimpl

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
PATIENCE = 60.0


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


async def vendor(request: web.Request) -> web.WebSocketResponse:
    """Read what is sent, and tell of it when asked to finalize."""
    assert request.query["language"] == "en-US"
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    reading, told = Reading(8000), 0
    async for message in socket:
        if message.type is WSMsgType.BINARY:
            reading.feed(np.frombuffer(message.data, np.int16))
        elif message.json()["type"] == "Finalize":
            reading.end_word()
            if words := reading.words[told:]:
                told += len(words)
                said = make_result(words, is_final=True)
                results = {"transcript": said.text, "is_final": True}
                await socket.send_json(
                    {"type": "Results", **results, "start": said.start, "duration": said.length}
                )
            await socket.send_json({"type": "Finalized"})
    return socket


@pytest.fixture
def url() -> Iterator[str]:
    """Where the vendor is."""
    loop, ready, port = asyncio.new_event_loop(), threading.Event(), []

    async def serve() -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/listen", vendor)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port.append(runner.addresses[0][1])
        return runner

    def run() -> None:
        runner = loop.run_until_complete(serve())
        ready.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(PATIENCE)
    yield f"ws://127.0.0.1:{port[0]}/listen"
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENCE)


class Listener:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.ended = threading.Event()

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Ear(self)


class _Ear(SessionHandler):
    def __init__(self, listener: Listener) -> None:
        self.listener = listener

    def on_event(self, event: Event) -> None:
        self.listener.events.append(event)

    def on_end(self) -> None:
        self.listener.ended.set()


def test_the_vendor_of_the_readme(
    url: str, audiohook_server: Any, audiohook_client: Any, audiohook_call: Any
) -> None:
    code: dict[str, Any] = {"__name__": "vendor"}
    exec(compile(blocks()[0], "README.md", "exec"), code)
    listener = Listener()
    server = audiohook_server(code["Vendor"], listener, settings={"vendor": {"url": url}})
    audio = np.concatenate((pause(0.5), speak("alpha bravo"), pause(0.5)))
    report = audiohook_client(server, audio=audiohook_call.samples(audio))
    assert report.problem is None
    assert listener.ended.wait(PATIENCE)
    finals = [event for event in listener.events if isinstance(event, Transcript) and event.is_final]
    assert sorted((final.channel, final.text, final.start) for final in finals) == [
        ("external", "alpha bravo", 4000),
        ("internal", "alpha bravo", 4000),
    ]


def test_the_test_of_the_readme() -> None:
    code: dict[str, Any] = {"__name__": "a test"}
    exec(compile(blocks()[1], "README.md", "exec"), code)
    assert [event.text for event in code["call"].emitted if isinstance(event, Transcript) and event.is_final]


def test_it_stays_short() -> None:
    lines = [line for line in blocks()[0].splitlines() if line and not line.startswith(("import", "from"))]
    assert len(lines) <= 40
