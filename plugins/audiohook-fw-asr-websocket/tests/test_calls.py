"""Calls of the simulated client over real sockets, to services that fail in every way.

The call and the plugin beside live on, the second service stands in, and no word is lost or heard twice.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from audiohook_fw_asr.testing import EngineFault, ScriptedEngine, pause, speak
from audiohook_fw_asr_websocket import AsrWebsocket, EngineService

from audiohook_fw import AudioFrame, Event, Session, SessionHandler, Transcript, hookimpl
from audiohook_fw.client import Style

PATIENCE = 60.0
WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett")


class Services:
    """Services in a loop and a thread of their own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._made: list[EngineService] = []
        self._thread.start()

    def start(self, engine: Any, **options: Any) -> str:
        service = EngineService(engine, **options)
        self._run(service.start())
        self._made.append(service)
        return f"ws://127.0.0.1:{service.port}/"

    def stop(self) -> None:
        for service in self._made:
            self._run(service.stop())
        self._run(self._end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    async def _end_tasks(self) -> None:
        """End what still serves a client that has gone."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _run(self, what: Any) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(PATIENCE)


@pytest.fixture
def services() -> Iterator[Services]:
    made = Services()
    yield made
    made.stop()


class Beside:
    """The plugin beside: it takes every frame, and what is emitted."""

    def __init__(self) -> None:
        self.samples = 0
        self.events: list[Event] = []
        self.ended = threading.Event()

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Ear(self)


class _Ear(SessionHandler):
    def __init__(self, beside: Beside) -> None:
        self.beside = beside

    def on_audio(self, frame: AudioFrame) -> None:
        self.beside.samples += frame.length

    def on_event(self, event: Event) -> None:
        self.beside.events.append(event)

    def on_end(self) -> None:
        self.beside.ended.set()


FAULTS = [
    fault for fault in EngineFault if fault is not EngineFault.SEND_HANGS
]  # a service has no such thing


@pytest.mark.parametrize("fault", FAULTS)
def test_a_service_that_fails(
    services: Services, audiohook_server: Any, audiohook_client: Any, audiohook_call: Any, fault: EngineFault
) -> None:
    bad = services.start(ScriptedEngine(rate=16000, faults=[(fault, 1.1)] * 2, always=fault))
    good = services.start(ScriptedEngine(rate=16000))
    beside = Beside()
    # Seconds of audio go by four times as fast as the others.
    section = {
        "urls": [bad, good],
        "connect_timeout": 2.0,
        "stall_timeout": 1.0,
        "result_timeout": 0.5,
        "max_backlog": 10.0,
        "replay_seconds": 120.0,
        "flush_timeout": 20.0,
    }
    server = audiohook_server(AsrWebsocket, beside, settings={"asr_websocket": section})
    audio = np.concatenate([pause(0.5), *(part for word in WORDS for part in (speak(word), pause(1.0)))])
    report = audiohook_client(server, audio=audiohook_call.samples(audio), speed=4.0)
    assert (report.problem, report.violations) == (None, [])
    assert beside.ended.wait(PATIENCE)
    assert beside.samples == len(audio)
    for channel in ("external", "internal"):
        finals = [
            e for e in beside.events if isinstance(e, Transcript) and e.is_final and e.channel == channel
        ]
        words = sorted((word for final in finals for word in final.words), key=lambda word: word.start)
        assert [(w.text, w.start) for w in words] == [(w, 4000 + n * 9600) for n, w in enumerate(WORDS)]


def test_an_update_and_pauses_on_the_wire(
    services: Services, audiohook_server: Any, audiohook_client: Any, audiohook_call: Any
) -> None:
    url = services.start(ScriptedEngine(rate=16000), token="a token")
    beside = Beside()
    section = {"urls": [url], "token": "a token"}
    server = audiohook_server(AsrWebsocket, beside, settings={"asr_websocket": section})
    audio = np.concatenate([pause(0.5), *(part for word in WORDS for part in (speak(word), pause(1.0)))])
    report = audiohook_client(
        server,
        "pause@3.2, resume@6.2, discard@8+1.5, update@10=en-US",
        audio=audiohook_call.samples(audio),
        style=Style(double_paused=True),
        speed=4.0,
    )
    assert (report.problem, report.violations) == (None, [])
    assert beside.ended.wait(PATIENCE)
    for channel in ("external", "internal"):
        words = [
            word
            for e in beside.events
            if isinstance(e, Transcript) and e.is_final and e.channel == channel
            for word in e.words
        ]
        places = [WORDS.index(word.text) for word in words]
        assert places == sorted(set(places))
        assert len(places) >= len(WORDS) - 4  # what was said in the pause and the discard is gone
        starts = [word.start for word in words]
        assert starts == sorted(set(starts))
