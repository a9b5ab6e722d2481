"""Calls over real sockets whose decoders are killed and stopped: nothing is lost, and nobody else notices."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from audiohook_fw_asr import RecognitionStatus
from audiohook_fw_pocketsphinx import Pocketsphinx, PocketsphinxSettings

from audiohook_fw import AudioFrame, Event, Session, SessionHandler, Transcript, hookimpl
from audiohook_fw.audio import Samples, conversation

PATIENCE = 100.0


@pytest.fixture(scope="module")
def clip() -> Samples:
    """What the customer says first, and a silence."""
    return np.ascontiguousarray(conversation().samples[33000:88000])


class Beside:
    """The plugin beside; at a moment of the call it does something to the decoders."""

    def __init__(self, harm: Callable[[], None]) -> None:
        self.samples = 0
        self.events: list[Event] = []
        self.ended = threading.Event()
        self.harm: Callable[[], None] | None = harm

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Ear(self)


class _Ear(SessionHandler):
    def __init__(self, beside: Beside) -> None:
        self.beside = beside

    def on_audio(self, frame: AudioFrame) -> None:
        self.beside.samples += frame.length
        if self.beside.harm is not None and frame.position > 24_000:
            self.beside.harm()
            self.beside.harm = None

    def on_event(self, event: Event) -> None:
        self.beside.events.append(event)

    def on_end(self) -> None:
        self.beside.ended.set()


@pytest.mark.parametrize("harm", [None, signal.SIGKILL, signal.SIGSTOP], ids=["well", "killed", "hung"])
def test_decoders(
    audiohook_server: Any, audiohook_client: Any, audiohook_call: Any, clip: Samples, harm: int | None
) -> None:
    settings = PocketsphinxSettings(
        channels=("external",), processes=2, flush_timeout=90.0, stall_timeout=30.0, connect_timeout=60.0
    )
    if harm == signal.SIGSTOP:
        settings.stall_timeout = 4.0
    plugin = Pocketsphinx(settings)
    [engine] = plugin.make_engines()
    plugin._recognition.pool.states[0].engine = engine

    def do_harm() -> None:
        for process in list(engine._all):  # type: ignore[attr-defined]
            os.kill(process.pid, harm or 0)

    beside = Beside(do_harm)
    server = audiohook_server(plugin, beside, limits={"end_deadline": 200})
    report = audiohook_client(server, audio=audiohook_call.samples(clip), speed=2.0)
    assert (report.problem, report.violations) == (None, [])
    assert beside.ended.wait(PATIENCE)
    assert beside.samples == len(clip)
    finals = [event for event in beside.events if isinstance(event, Transcript) and event.is_final]
    words = [word for final in finals for word in final.words]
    assert "copy machine" in " ".join(word.text for word in words)
    assert len(words) > 8
    assert all(one.start + one.length <= two.start + 400 for one, two in pairwise(words))
    running = [e.engine for e in beside.events if isinstance(e, RecognitionStatus) and e.state == "running"]
    assert running
    assert max(e.dropped for e in beside.events if isinstance(e, RecognitionStatus)) == 0
