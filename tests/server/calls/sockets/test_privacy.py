"""Personal data and secrets of a whole run, at debug level, are nowhere but where they belong."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import types
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from audiohook_fw.config import Settings
from audiohook_fw.plugin import (
    BotTurnResponse,
    Event,
    Reject,
    SessionHandler,
    StashKey,
    Transcript,
    Word,
    hookimpl,
)
from audiohook_fw.protocol import Close, Dtmf, Error, Participant, Paused, PlaybackStarted, Update
from audiohook_fw.telemetry import setup_logging

SECRET = b"MarkSecretMarkSecretMarkSecret00"
MARKS = {
    "ani": "+49301234567891",
    "ani_name": "MarkAdaLovelace",
    "dnis": "+49309876543219",
    "custom_config": "MarkCustomConfig",
    "input_variable": "MarkInputVariable",
    "output_variable": "MarkOutputVariable",
    "digit": "MarkDigit",
    "transcript": "MarkTranscript",
    "word": "MarkWord",
    "bot": "MarkBotTurn",
    "context": "MarkContext",
    "exception": "MarkException",
    "broken": "MarkBrokenJson",
    "audio": "MarkAudio",
    "api_key": "MarkApiKey",
    "secret": SECRET.decode(),
    "secret as typed": b64encode(SECRET).decode(),
}
KEY = StashKey[str]()


class Talkative:
    """Handles everything personal there is, and fails with it."""

    def __init__(self) -> None:
        self.session: Any = None
        self.frames: list[Any] = []
        self.events: list[Any] = []

    @hookimpl
    def on_open(self, session: Any) -> Any:
        self.session = session
        session.update_context(queue=MARKS["context"], caller=session.participant.ani)
        session.stash[KEY] = session.participant.ani_name
        if session.language == "reject":
            return Reject(info="not this one")
        raise KeyError(session.participant.ani_name, MARKS["exception"])

    @hookimpl
    def create_handler(self, session: Any) -> SessionHandler:
        return Handler(self, session)

    @hookimpl
    def filter_event(self, event: Event) -> Event:
        if isinstance(event, BotTurnResponse) and event.confidence == 0:
            raise ValueError(event.text)
        return event


class Handler(SessionHandler):
    def __init__(self, plugin: Talkative, session: Any) -> None:
        self.plugin = plugin
        self.session = session

    async def on_opened(self) -> None:
        text, word = MARKS["transcript"], MARKS["word"]
        words = (Word(text=word, start=0, length=80),)
        for final in (False, True):
            self.session.emit(
                Transcript(
                    id="u", channel="external", text=text, start=0, length=80, words=words, is_final=final
                )
            )
        self.session.emit(Transcript(channel="external", text=f"{text} \ud800", start=0, length=80))
        self.session.emit(Transcript(channel="external", text=f"{text} " * 10_000, start=0, length=80))
        for confidence in (0.0, 0.5):
            self.session.emit(BotTurnResponse(disposition="match", text=MARKS["bot"], confidence=confidence))
        raise RuntimeError(text, MARKS["exception"])

    async def on_audio(self, frame: Any) -> None:
        self.plugin.frames.append(frame)
        raise ValueError(frame.payload)

    async def on_dtmf(self, digit: str) -> None:
        raise LookupError(digit)

    async def on_end(self, summary: Any) -> None:
        self.plugin.frames.append(summary)
        raise ExceptionGroup(MARKS["exception"], [ValueError(MARKS["exception"])])


class Listener:
    def __init__(self) -> None:
        self.events: list[Any] = []

    @hookimpl
    def on_event(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Transcript):
            raise ValueError(event.text)


@pytest.fixture
def log(records: Any) -> Iterator[Callable[[], str]]:
    """Log at debug level as a server does, as text and as JSON; return what was written, and every record."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    known = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict)]
    levels = {logger: logger.level for logger in known}
    text, as_json = io.StringIO(), io.StringIO()
    setup_logging("debug", "json", stream=as_json)
    written = [handler for handler in root.handlers if handler not in handlers]
    setup_logging("debug", "text", stream=text)
    for handler in written:
        root.addHandler(handler)

    def read() -> str:
        everything = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in records)
        return f"{text.getvalue()}\n{as_json.getvalue()}\n{everything}"

    yield read
    root.handlers[:] = handlers
    root.setLevel(level)
    for logger, before in levels.items():
        logger.setLevel(before)


def found(text: str) -> list[str]:
    """Return the names of the marks that stand in a text, whatever the case and however quoted."""
    text = text.lower()
    return [name for name, mark in MARKS.items() if mark.lower() in text]


def ours(*roots: object) -> list[Any]:
    """Return every object of our own classes that can be reached."""
    seen: dict[int, Any] = {}
    stack = list(roots)
    skipped = (type, types.ModuleType, types.FunctionType, types.FrameType, types.CodeType, str, bytes, int)
    while stack:
        thing = stack.pop()
        if id(thing) in seen or isinstance(thing, skipped):
            continue
        seen[id(thing)] = thing
        stack += gc.get_referents(thing)
    return [thing for thing in seen.values() if type(thing).__module__.startswith("audiohook_fw.")]


async def talk(caller: Any) -> None:
    """Say everything personal that a client can say."""
    await caller.hear(MARKS["audio"].encode().ljust(1_600, b"\xff"))
    await caller.say(Dtmf(digit=MARKS["digit"]))
    await caller.say(PlaybackStarted())
    await caller.say(Update(language="de-DE"))
    await caller.say(Paused())
    await caller.say(Error(code=400, message="a complaint"))
    await caller.raw("never_heard_of", {"ani": MARKS["ani"]})
    await caller.ping(0.1)


def personal(caller: Any, **changes: Any) -> dict[str, Any]:
    return {
        "participant": Participant(
            id="30b0e395-84d3-4570-ac13-9a62d8f514c0",
            ani=MARKS["ani"],
            ani_name=MARKS["ani_name"],
            dnis=MARKS["dnis"],
        ),
        "custom_config": {MARKS["custom_config"]: {"a": [MARKS["custom_config"]]}},
        "input_variables": {MARKS["input_variable"]: MARKS["input_variable"]},
        "media": [caller.offer("external")],
        **changes,
    }


BROKEN = (
    '{"' + MARKS["broken"],
    json.dumps({"version": MARKS["broken"], "type": "open", "id": "x", "seq": 1}),
    json.dumps({"version": "2", "type": "open", "id": MARKS["broken"], "seq": 1}),
)
MALFORMED: tuple[dict[str, Any], ...] = (
    {"participant": {"id": MARKS["ani"], "ani": MARKS["ani"]}},
    {"participant": MARKS["ani"]},
    {"media": MARKS["broken"]},
    {"organizationId": MARKS["broken"]},
    {"customConfig": MARKS["custom_config"], "conversationId": MARKS["broken"]},
)


async def run(house: Any) -> list[Any]:
    """Run every kind of call; return the callers."""
    callers = []
    key = {"api_key": MARKS["api_key"], "secret": SECRET}
    for product in ("monitor", "transcription", "connector"):
        caller = await house.call(product=product, interims=True, **key)
        await caller.open(**personal(caller))
        await talk(caller)
        callers.append(caller)
    for language in ("reject", "de-DE"):
        caller = await house.call(**key)
        await caller.open(**personal(caller, language=language))
        callers.append(caller)
    for text in BROKEN:
        caller = await house.call(**key)
        await caller.socket.send_str(text)
        callers.append(caller)
    for changes in MALFORMED:
        caller = await house.call(**key)
        await caller.raw("open", {**caller.message(**personal(caller)).to_wire(), **changes})
        callers.append(caller)
    return callers


@pytest.fixture
def settled(house: Any) -> Any:
    """The server knows the key by its settings too."""
    house.settings = Settings.model_validate(
        {"auth": {"keys": [{"api_key": MARKS["api_key"], "secrets": [MARKS["secret as typed"]]}]}}
    )
    return house


async def test_a_whole_run_tells_nobody(settled: Any, log: Callable[[], str]) -> None:
    house, talkative, listener = settled, Talkative(), Listener()
    await house.start(talkative=talkative, listener=listener)
    callers = await run(house)
    await asyncio.sleep(1)
    assert listener.events, "the run must have had something to tell"
    assert talkative.frames
    assert any("MarkTranscript" in json.dumps(c.got) for c in callers), "transcripts reach who may have them"

    things = ours(house.connections, house.services, talkative.frames, listener.events, talkative.session)
    names = {type(thing).__name__ for thing in things}
    assert {"Call", "Session", "CallFacts", "Connection", "Outbox", "ServerProtocol", "Participant"} <= names
    assert {"AudioFrame", "Transcript", "PluginRecord", "Settings", "Credential", "Upgrade"} <= names
    told = {type(thing).__name__: hits for thing in things if (hits := found(repr(thing)))}
    assert told == {}

    for caller in callers:
        if "opened" in caller.types:
            talkative.session.disconnect("completed", None, {"result": MARKS["output_variable"]})
            await caller.say(Close(reason="end"))
    for connection in house.connections:
        connection.disconnect()
    for caller in callers[:2]:
        caller.cut()
    for caller in callers:
        await caller.socket.close()
    await house.idle()

    logging.getLogger("audiohook_fw.test").debug("planted %s", MARKS["ani_name"])
    assert found(log()) == ["ani_name"], "the search finds what was planted, and nothing else"
    spans = [span.to_json() for span in house.exporter.get_finished_spans()]
    assert len(spans) > 10
    assert found("\n".join(spans)) == []
    metrics = house.metrics.render()[0].decode()
    assert 'audiohook_sessions_total{outcome="accepted"}' in metrics
    assert found(metrics) == []
    infos = [m["parameters"].get("info", "") for caller in callers for m in caller.all("disconnect")]
    assert any(infos)
    assert found("\n".join(infos)) == []


async def test_the_log_has_what_operators_need(settled: Any, log: Callable[[], str]) -> None:
    house = settled
    await house.start(talkative=Talkative())
    caller = await house.opened(api_key=MARKS["api_key"], secret=SECRET)
    await caller.close()
    await house.idle()
    lines = [json.loads(line) for line in log().splitlines() if line.startswith('{"time"')]
    accepted = next(line for line in lines if line["message"].startswith("call accepted"))
    assert accepted["session_id"] == caller.session_id
    assert accepted["conversation_id"]
    assert any(line["message"].startswith("call ended: end") for line in lines)


def test_every_mark_would_be_found() -> None:
    for name, mark in MARKS.items():
        assert name in found(f"… {mark.upper()} …")
