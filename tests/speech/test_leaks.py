"""Calls full of personal data over real sockets: nothing of it is left, and the search can find it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from audiohook_fw_asr import SegmentSettings
from opentelemetry import trace

from audiohook_fw import (
    PluginInfo,
    ServerContext,
    Session,
    SessionHandler,
    Transcript,
    hookimpl,
)
from audiohook_fw.plugin import Event

from .leaks import PATIENCE, House, Leaky
from .meaning import Script, Speaking, voices
from .seeded import Search, Seeded, seeded

CALLS, EACH = 5, 14
"""Calls at the same time, and utterances with personal data in each."""
SPLIT: Script = {
    "external": (
        "it is four zero one two",
        "eight eight eight eight um",
        "eight eight eight eight",
        "one eight eight one",
        "thanks",
    ),
    "internal": ("and the card number please", "mhm", "go on", "right", "got it thank you"),
}
SPLIT_CARD = Seeded("card", "", "four zero one two eight eight eight eight", "4012888888881881")
PLACES = {
    *("database", "transcripts", "genesys", "plugins", "log", "spans", "pages"),
    "told to Genesys, word for word",
    "written, word for word",
}


class Blab(Event, event_type="test.blab"):
    """Says what was heard."""

    text: str


class Blabber:
    """A plugin as it should not be: it tells everybody all it hears."""

    info = PluginInfo(summary="tells everybody", consumes=(Transcript,), emits=(Blab,))

    def __init__(self) -> None:
        self.last = ""

    @hookimpl
    def on_startup(self, server: ServerContext) -> None:
        self.counter = server.meter.create_counter("blabber.heard")

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Blabbing(self, session)

    @hookimpl
    def check_health(self) -> str | None:
        return f"heard {self.last}"


class _Blabbing(SessionHandler):
    def __init__(self, blabber: Blabber, session: Session) -> None:
        self.blabber = blabber
        self.session = session
        self.heard = 0

    async def on_event(self, event: Event) -> None:
        if not isinstance(event, Transcript):
            return
        self.blabber.last = event.text
        self.blabber.counter.add(1, {"text": event.text})
        logging.getLogger("blabber").debug("heard %s in %r", event.text, event)
        trace.get_current_span().add_event("heard", {"text": event.text})
        self.session.update_context(heard=event.text)
        self.session.emit(Blab(text=event.text))
        self.heard += 1
        if self.heard % 5 == 0:
            raise ValueError(event.text)


def play_seeded(directory: Path, *, is_redacting: bool) -> Leaky:
    """Play calls full of personal data."""
    personal, innocent = seeded(9, CALLS * EACH)
    scripts: list[Script] = [
        {
            "external": [one.text for one in personal[start : start + EACH // 2]],
            "internal": [one.text for one in personal[start + EACH // 2 : start + EACH]],
        }
        for start in range(0, len(personal), EACH)
    ]
    scripts.append(SPLIT)
    scripts.append(
        {"external": [one.text for one in innocent[:7]], "internal": [one.text for one in innocent[7:14]]}
    )
    settings = SegmentSettings(interim_seconds=0.3, retry_seconds=0.1, **PATIENCE)
    recognition = Speaking(settings, scripts, clumsy=True)
    house = House(directory, recognition, is_redacting, [Blabber()], "webrtc")
    longest = max(scripts, key=lambda script: max(map(len, script.values())))
    calls = house.play([voices(longest)] * len(scripts), speed=3.0)  # seven at once, on busy machines too
    for told in calls:
        assert told.report.as_scripted, told.report.outcome()
    assert recognition.engine.interims > 20
    left = [texts for call in recognition.engine.left.values() for texts in call.values()]
    assert len(left) == 2 * len(scripts)
    assert not any(left)
    return Leaky(house, calls, Search([*personal, SPLIT_CARD]))


@pytest.mark.timeout(300)
def test_nothing_personal_is_left_anywhere(tmp_path: Path) -> None:
    leaky = play_seeded(tmp_path, is_redacting=True)
    assert leaky.leaks() == {}


@pytest.mark.timeout(300)
def test_without_redaction_the_same_search_finds_it_everywhere(tmp_path: Path) -> None:
    leaky = play_seeded(tmp_path, is_redacting=False)
    assert leaky.leaks().keys() == PLACES
