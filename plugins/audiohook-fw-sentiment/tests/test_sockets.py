"""Calls over real sockets: the last words have their mood before the call is over, and metrics tell."""

from __future__ import annotations

import logging
import re
import time
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from audiohook_fw_sentiment import SentimentPlugin, Utterance

from audiohook_fw import (
    CloseReason,
    Event,
    PluginInfo,
    Sentiment,
    Session,
    SessionHandler,
    Transcript,
    hookimpl,
)

PATIENCE = 30.0
LAST = "thank you Ann Example, that was perfect"


class Recognizer:
    """Emits two transcripts at once, and one when the call is over."""

    info = PluginInfo(summary="Speaks", emits=(Transcript,))

    @hookimpl
    def on_opened(self, session: Session) -> None:
        session.emit(Transcript(channel="external", text="this is awful", start=0, length=8000))
        session.emit(
            Transcript(channel="internal", text="das ist gut", start=0, length=800, language="de-DE")
        )

    @hookimpl
    def on_close(self, session: Session, reason: CloseReason) -> None:
        session.emit(Transcript(channel="external", text=LAST, start=8000, length=8000))


class Witness:
    """Notes all moods, and how many there were when everybody else was done."""

    info = PluginInfo(summary="Notes moods", consumes=(Sentiment,))

    def __init__(self) -> None:
        self.moods: list[Sentiment] = []
        self.at_end = 0

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Ear(self)


class _Ear(SessionHandler):
    def __init__(self, witness: Witness) -> None:
        self.witness = witness

    def on_event(self, event: Event) -> None:
        if isinstance(event, Sentiment):
            self.witness.moods.append(event)

    def on_end(self) -> None:
        self.witness.at_end = len(self.witness.moods)


class InThread:
    """Blocks a thread for a while."""

    languages: Sequence[str] = ("*",)
    batch = 8

    def score_batch(self, utterances: Sequence[Utterance]) -> list[float]:
        time.sleep(0.05)
        return [0.75 if utterance.text == LAST else -0.5 for utterance in utterances]


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def metrics(server: Any) -> str:
    request = urllib.request.Request(
        f"{server.admin_url}/metrics", headers={"Authorization": f"Bearer {server.admin_token}"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return str(answer.read().decode())


def test_a_call_with_vader(
    audiohook_server: Any, audiohook_client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    witness = Witness()
    server = audiohook_server(Recognizer(), SentimentPlugin, witness)
    audiohook_client(server, language="en-US")
    wait_for(lambda: witness.at_end)
    assert [(mood.label, mood.running) for mood in witness.moods] == [
        ("negative", False),
        ("negative", True),
        ("positive", False),
        ("neutral", True),
    ]
    assert witness.at_end == 4
    page = metrics(server)
    counts = dict(re.findall(r"^sentiment_utterances_total(\{.*\}) (.*)$", page, re.M))
    assert counts == {
        '{engine="vader",outcome="scored"}': "2.0",
        '{engine="none",outcome="language"}': "1.0",
    }
    assert "Ann" not in caplog.text + page


def test_a_call_with_an_engine_in_threads(
    audiohook_server: Any, audiohook_client: Any, install: Callable[..., None]
) -> None:
    install(acme=InThread)
    witness = Witness()
    section = {"engines": ["acme"], "running": False, "timeout": PATIENCE}
    server = audiohook_server(Recognizer(), SentimentPlugin, witness, settings={"sentiment": section})
    audiohook_client(server, language="en-US")
    wait_for(lambda: witness.at_end)
    assert [mood.score for mood in witness.moods] == [-0.5, -0.5, 0.75]
