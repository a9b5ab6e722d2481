"""Calls over real sockets whose words mean something: redaction before everybody, moods, who keeps them.

The last words are spoken right before `close`. Everything that was said is told to Genesys, the database
and the files in one order, before `closed`; and of the personal data in it nothing is left anywhere.
"""

from __future__ import annotations

import io
import json
import logging
import threading
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audiohook_fw_asr import SegmentSettings
from audiohook_fw_whisper import Whisper
from audiohook_fw_whisper.settings import WhisperSettings
from opentelemetry import trace

from audiohook_fw import (
    PluginInfo,
    Sentiment,
    ServerContext,
    Session,
    SessionHandler,
    SpeechStarted,
    Transcript,
    hookimpl,
)
from audiohook_fw.audio import ULAW_SILENCE, conversation, conversation_script
from audiohook_fw.plugin import Event
from audiohook_fw.telemetry import setup_logging

from .chain import whisper_model
from .meaning import Script, Speaking, Told, TracedServer, Witness, play_out, voices
from .seeded import Search, Seeded, seeded
from .truth import MEDIA, RATE
from .written import in_database, in_json, in_text, in_vtt, query, recorded

PATIENCE: dict[str, Any] = {"flush_timeout": 8.5, "max_backlog": 300.0}
SPEED = 6.0
REDACT = "redact"


@dataclass
class House:
    """A server with everything, and all it wrote and said."""

    directory: Path
    recognition: Any
    is_redacting: bool = True
    others: Sequence[object] = ()
    detector: str = "silero"
    witness: Witness = field(default_factory=Witness)
    log: io.StringIO = field(default_factory=io.StringIO)
    pages: list[str] = field(default_factory=list)
    spans: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        """Where the sessions are."""
        return self.directory / "sessions.sqlite"

    def conversation(self, told: Told) -> Path:
        """Return where a call's conversation is as JSON."""
        return self.directory / "transcripts" / f"{told.session}.transcript.json"

    def play(self, calls: Sequence[Any], *, speed: float = SPEED) -> list[Told]:
        """Play calls to the server at the same time, and stop it; then everything is written."""
        sections: dict[str, Mapping[str, object]] = {
            "vad": {"engine": self.detector},
            **({REDACT: {}} if self.is_redacting else {}),
            "sentiment": {"timeout": 30.0},
            "sessions": {
                "url": f"sqlite:///{self.database}",
                "journal": str(self.directory / "journal"),
            },
            "recorder": {"directory": str(self.directory)},
            "transcripts": {"directory": str(self.directory / "transcripts"), "save_seconds": 0.5},
        }
        plugins = (*self.others, self.witness, self.recognition, *sections)
        with _logging(self.log), TracedServer(*plugins, settings=sections) as server, self._watched(server):
            told = play_out(server, calls, speed=speed)
            self._read_files("while the server ran: ")
        self.spans += [span.to_json() for span in server.spans.get_finished_spans()]
        self._read_files("")
        return told

    @contextmanager
    def _watched(self, server: TracedServer) -> Iterator[None]:
        """Look at the server's pages all the while."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.5):
                self.pages += _pages(server)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
            self.pages += _pages(server)
        finally:
            over.set()
            watcher.join()

    def _read_files(self, name: str) -> None:
        for path in self.directory.rglob("*"):
            if path.is_file():
                self.files[f"{name}{path.relative_to(self.directory)}"] = path.read_bytes()


@contextmanager
def _logging(stream: io.StringIO) -> Iterator[None]:
    """Log as a server does that is to say all: JSON, from `debug` on."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    setup_logging("debug", "json", stream=stream)
    try:
        yield
    finally:
        root.handlers[:] = before
        root.setLevel(level)


def _pages(server: TracedServer) -> Iterator[str]:
    for page in ("metrics", "admin/status", "admin/plugins", "admin/sessions", "admin/hooks", "health/ready"):
        request = urllib.request.Request(
            f"{server.admin_url}/{page}", headers={"Authorization": f"Bearer {server.admin_token}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                yield answer.read().decode()
        except urllib.error.HTTPError as error:  # 503, as somebody is not well, and says why
            yield error.read().decode()


def silenced(told: Told, sidecar: Mapping[str, Any]) -> bytes:
    """Return what a recording must hold: what was sent, and silence where the sidecar says so."""
    expected = np.frombuffer(told.report.expected_recording(), np.uint8).reshape(-1, 2).copy()
    for one in sidecar.get("redactions", ()):
        column = MEDIA.channels.index(one["channel"])
        expected[one["start"] : one["start"] + one["length"], column] = ULAW_SILENCE[0]
    return expected.tobytes()


# order ------------------------------------------------------------------------------------------------

SAID: Script = {
    "external": (
        "hello this is awful",
        "my card is four one one one",
        "one one one one uh",
        "one one one one one one one one",
        "yes that is all thank you",
        "please write to anna dot smith at gmail dot com",
        "and call me back on two oh one five five five oh one nine nine thank you so much",
    ),
    "internal": (
        "I am sorry about that",
        "your card number please",
        "mhm",
        "okay",
        "your order number is 7355 0192",
        "we will send it to you on Friday",
    ),
}
LEFT: Script = {
    "external": (
        "hello this is awful",
        "my card is [card]",
        "[card] uh",
        "[card]",
        "yes that is all thank you",
        "please write to [email]",
        "and call me back on [phone] thank you so much",
    ),
    "internal": SAID["internal"],
}


@pytest.mark.timeout(240)
def test_everything_comes_in_order_and_before_closed_up_to_the_last_words(tmp_path: Path) -> None:
    recognition = Speaking(SegmentSettings(interim_seconds=0.4, **PATIENCE), [SAID])
    house = House(tmp_path, recognition)
    samples = voices(SAID)
    [told] = house.play([samples], speed=3.0)
    assert told.report.as_scripted, told.report.outcome()
    assert told.report.violations == []
    assert recognition.engine.left == {told.session: {"external": [], "internal": []}}
    events = house.witness.events(told.session)
    finals = [event for event in events if isinstance(event, Transcript) and event.is_final]
    for channel, texts in LEFT.items():
        assert [one.text for one in finals if one.channel == channel] == list(texts)
    assert_in_order(events)
    assert_told_as_it_came(told, events)
    assert_kept_as_it_came(house, told, events, finals)
    came = [at for at, _ in house.witness.calls[told.session]]
    assert max(came) < told.closed_at()
    assert sum(not event.is_final for event in events if isinstance(event, Transcript)) >= 5
    log = house.log.getvalue()
    assert len(log.splitlines()) > 10
    assert [text for texts in SAID.values() for text in texts if len(text) > 10 and text in log] == []
    last = max(finals, key=lambda one: one.start + one.length)
    assert (last.channel, last.text) == ("external", LEFT["external"][-1])
    assert last.start + last.length > len(samples) - RATE // 4


def assert_in_order(events: Sequence[Event]) -> None:
    """Check that each utterance has its beginning before its transcripts, and its mood after them."""
    at = {id(event): number for number, event in enumerate(events)}
    finals = [event for event in events if isinstance(event, Transcript) and event.is_final]
    assert len({one.id for one in finals}) == len(finals)
    for one in finals:
        begun = [
            event
            for event in events
            if isinstance(event, SpeechStarted)
            and event.channel == one.channel
            # The detector may hear a voice a little after it began.
            and event.start < one.start + one.length
            and at[id(event)] < at[id(one)]
        ]
        assert begun, one
        interims = [e for e in events if isinstance(e, Transcript) and not e.is_final and e.id == one.id]
        assert all(at[id(begun[-1])] < at[id(interim)] < at[id(one)] for interim in interims)
        [mood] = [e for e in events if isinstance(e, Sentiment) and e.transcript_id == one.id]
        assert at[id(one)] < at[id(mood)]
        running = events[at[id(mood)] + 1]
        assert isinstance(running, Sentiment)
        assert (running.running, running.channel) == (True, one.channel)
        assert (mood.channel, mood.start, mood.length) == (one.channel, one.start, one.length)
    moods = [event.transcript_id for event in events if isinstance(event, Sentiment) and not event.running]
    assert moods == [one.id for one in finals]
    for channel in MEDIA.channels:
        starts = [one.start for one in finals if one.channel == channel]
        assert starts == sorted(starts)


def assert_told_as_it_came(told: Told, events: Sequence[Event]) -> None:
    """Check that Genesys was told every final in its order, and no interim after its final."""
    finals = [event for event in events if isinstance(event, Transcript) and event.is_final]
    sent = told.transcripts()
    assert [text for *_, is_final, text in sent if is_final] == [one.text for one in finals]
    texts = {event.text for event in events if isinstance(event, Transcript)}
    assert {text for *_, text in sent} <= texts
    over = set[str]()
    for id_, _, is_final, _ in sent:
        assert id_ not in over
        if is_final:
            over.add(id_)
    told.closed_at()


def assert_kept_as_it_came(
    house: House, told: Told, events: Sequence[Event], finals: Sequence[Transcript]
) -> None:
    """Check that database, files and recording have all of it, in order."""
    rows = query(house.database, "select type, body from events order by number")
    types = {event.event_type for event in events}
    kept = [(kind, json.loads(body).get("transcript_id", "")) for kind, body in rows if kind in types]
    noted = [
        (event.event_type, getattr(event, "transcript_id", ""))
        for event in events
        if not (isinstance(event, Transcript) and not event.is_final)
    ]
    assert kept == noted
    ids = [one.id for one in sorted(finals, key=lambda one: one.start)]
    path = house.conversation(told)
    assert [said.id for said in sorted(in_database(house.database))] == ids
    assert [said.id for said in sorted(in_json(path))] == ids
    texts = [(said.channel, said.text) for said in in_json(path)]
    assert [(said.channel, said.text) for said in in_vtt(path.with_suffix(".vtt"))] == texts
    assert [(said.channel, said.text) for said in in_text(path.with_suffix(".txt"))] == texts
    recording = recorded(house.directory, told.session)
    assert recording.payload == silenced(told, recording.sidecar)
    assert recording.sidecar["state"] == "complete"


# nothing leaks ------------------------------------------------------------------------------------------

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
FILES = {"sessions.sqlite": "database", "journal": "database", ".transcript.": "transcripts"}
"""By a part of their names; of others the place is the whole name, and nothing may ever be there."""


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


@dataclass
class Leaky:
    """What was said, and where it was looked for."""

    house: House
    calls: list[Told]
    search: Search

    def leaks(self) -> dict[str, list[str]]:
        """Return what is found in which place; nothing, if all is well."""
        return {place: found for place, found in self._places() if found}

    def _places(self) -> Iterator[tuple[str, list[str]]]:
        house = self.house
        for name, content in sorted(house.files.items()):
            place = next((place for part, place in FILES.items() if part in name), name)
            yield place, self.search.anywhere(content)
        noted = [event for told in self.calls for event in house.witness.events(told.session)]
        messages = [message for told in self.calls for message in told.messages]
        contents = {
            "log": house.log.getvalue(),
            "spans": "\n".join(house.spans),
            "pages": "\n".join(house.pages),
            "genesys": json.dumps(messages),
            "plugins": "\n".join(event.model_dump_json() for event in noted),
        }
        for place, text in contents.items():
            yield place, self.search.anywhere(text)
        told_words = [
            (told.session, side, text) for told in self.calls for _, side, _, text in told.transcripts()
        ]
        yield "told to Genesys, word for word", self._in_words(told_words)
        written = [
            (told.session, one.channel, one.text)
            for told in self.calls
            for one in in_json(house.conversation(told))
        ]
        yield "written, word for word", self._in_words(written)

    def _in_words(self, texts: Sequence[tuple[str, str, str]]) -> list[str]:
        """Look into each text, and into all that a side said, one after the other."""
        sides: dict[tuple[str, str], list[str]] = {}
        for session, side, text in texts:
            sides.setdefault((session, side), []).append(text)
        joined = [" ".join(said) for said in sides.values()]
        every = [*joined, *(text for *_, text in texts)]
        return [part for text in every for part in self.search.in_words(text)]


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
    calls = house.play([voices(longest)] * len(scripts))
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


# Whisper ------------------------------------------------------------------------------------------------


class Before:
    """Notes what was recognised, as it is before redaction."""

    info = PluginInfo(summary="notes what is recognised")

    def __init__(self) -> None:
        self.texts: list[str] = []

    @hookimpl
    def filter_event(self, event: Event) -> Event:
        if isinstance(event, Transcript):
            self.texts.append(event.text)
        return event


@pytest.mark.timeout(600)
def test_a_card_that_is_really_spoken_is_recognised_and_gone(tmp_path: Path) -> None:
    patience = {"max_wait": 120.0, "worker_timeout": 60.0, "recognize_timeout": 300.0, **PATIENCE}
    whisper = Whisper(WhisperSettings(model_path=whisper_model(), interims=False, **patience))
    before = Before()
    house = House(tmp_path, whisper, others=[before])
    [told] = house.play([conversation().samples], speed=2.0)
    assert told.report.as_scripted, told.report.outcome()
    [card] = [line for line in conversation_script() if "one one one one" in line.text]
    search = Search([Seeded("card", "", "four one one one, one one one one", "4111111111111111")])
    assert search.in_words(" ".join(before.texts))  # it was understood
    leaky = Leaky(house, [told], search)
    assert leaky.leaks() == {}
    events = house.witness.events(told.session)
    assert_in_order(events)
    assert_told_as_it_came(told, events)
    finals = [event for event in events if isinstance(event, Transcript)]
    assert_kept_as_it_came(house, told, events, finals)
    redacted = [one for one in finals if "[card]" in one.text]
    assert redacted
    assert all(one.channel == card.channel and card.start - RATE < one.start < card.end for one in redacted)
    assert any("73550192" in one.text.replace(" ", "").replace("-", "") for one in finals)  # an order number
    assert "day" in max(finals, key=lambda one: one.start).text  # the last words
    moods = {e.transcript_id: e.label for e in events if isinstance(e, Sentiment) and not e.running}
    assert [moods[one.id] for one in finals if "annoying" in one.text] == ["negative"]
    assert [moods[one.id] for one in finals if "wonderful" in one.text] == ["positive"]
