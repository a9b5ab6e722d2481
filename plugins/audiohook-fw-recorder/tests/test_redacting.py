"""Calls in which something is redacted: what comes of it in the recording, also in a real server."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audiohook_fw_recorder import Recorder, RecorderSettings, plugin
from audiohook_fw_recorder.commands import make_app
from audiohook_fw_recorder.commands.recorded import recorded_call, steps
from audiohook_fw_recorder.commands.sound import pieces
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.handler import RecordingHandler
from audiohook_fw_recorder.reading import blocks
from audiohook_fw_recorder.timeline import Timeline, spread
from audiohook_fw_redact import Redact, Redacted
from typer.testing import CliRunner

from audiohook_fw import (
    AudioFrame,
    CloseReason,
    Commands,
    PluginInfo,
    Session,
    SessionHandler,
    Transcript,
    Word,
    hookimpl,
)
from audiohook_fw.audio import CONVERSATION_MEDIA, conversation, encode, ulaw_decode
from audiohook_fw.replay import replay
from audiohook_fw.testing import CallAudio, CallDriver, ServerThread, play_call

RATE = 8000
MARGIN = 1600
"""Of this plugin, in samples: that of the spans comes on top."""
CARD = ("4111", "1111", "1111", "1111")
FIRST, LAST = 1 * RATE, 4 * RATE
"""Where a card is read: the first time, told after a pause, and the last time, told when audio is over."""


class Teller:
    """Emits whatever it is told to."""

    info = PluginInfo(emits=(Redacted,))

    def __init__(self) -> None:
        self.session: Session

    @hookimpl
    def on_opened(self, session: Session) -> None:
        self.session = session

    def tell(self, **fields: Any) -> None:
        known = {"channel": "external", "kind": "card", "start": 4000, "length": 800, **fields}
        self.session.emit(Redacted.model_construct(**known))


def driven(directory: Path, teller: Teller, **settings: Any) -> CallDriver:
    call = CallDriver(Recorder, settings={"directory": str(directory), **settings}, others={"teller": teller})
    call.open()
    return call


def documents(directory: Path) -> list[Document]:
    """Return what is recorded, once all is done."""
    until = time.monotonic() + 60
    while True:
        found = [Document.read(path) for path in directory.glob("*.json")]
        if found and all(d.state == "complete" and d.owner is None for d in found):
            return found
        assert time.monotonic() < until, found
        time.sleep(0.02)


def sound(directory: Path, document: Document, key: Any = None) -> Any:
    identities = None if key is None else key.identities
    read = blocks(directory, document, identities=identities)
    timeline = Timeline.of(document.audio)
    return np.concatenate([*spread(read, timeline, channels=len(document.audio.channels))])


def told(document: Document) -> list[tuple[Any, ...]]:
    return [(e.channel, e.kind, e.start, e.length, e.audible) for e in document.redactions]


SPEECH = np.clip(conversation().samples[: 2 * RATE].astype(int) + 100, -30_000, 30_000).astype(np.int16)
PAYLOAD = encode(SPEECH, CONVERSATION_MEDIA)


def play(call: CallDriver) -> None:
    for start in range(0, len(PAYLOAD), 3200):
        call.audio(PAYLOAD[start : start + 3200])


def test_only_that_channel_is_silenced_with_a_margin(tmp_path: Path) -> None:
    teller = Teller()
    call = driven(tmp_path, teller)
    play(call)
    teller.tell()
    call.close()
    (document,) = documents(tmp_path)
    assert told(document) == [("external", "card", 2400, 4000, False)]
    expected = ulaw_decode(PAYLOAD).reshape(-1, 2).copy()
    expected[2400:6400, 0] = 0
    assert np.array_equal(sound(tmp_path, document), expected)
    call.shutdown()


@pytest.mark.parametrize("settings", [{"redact": False}, {"redact_margin": 0.05}])
def test_it_does_as_the_settings_say(tmp_path: Path, settings: dict[str, Any]) -> None:
    teller = Teller()
    call = driven(tmp_path, teller, **settings)
    play(call)
    teller.tell()
    call.close()
    (document,) = documents(tmp_path)
    expected = ulaw_decode(PAYLOAD).reshape(-1, 2).copy()
    if "redact" in settings:
        assert (told(document), "redactions" in document.text()) == ([], False)
    else:
        expected[3600:5200, 0] = 0
    assert np.array_equal(sound(tmp_path, document), expected)
    call.shutdown()


def test_what_makes_no_sense_harms_nothing_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    teller = Teller()
    call = driven(tmp_path, teller)
    play(call)
    for fields in ({"channel": "Mr Secret"}, {"start": -1}, {"start": float("nan")}, {"length": 10**18}) * 5:
        teller.tell(**fields)
    teller.tell(start=9000)
    call.close()
    (document,) = documents(tmp_path)
    assert told(document) == [("external", "card", 7400, 4000, False)]
    assert document.errors == {"redaction": 20}
    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("audiohook_fw_rec")]
    assert line == (
        "redact.span makes no sense, and nothing is silenced: its channel is none of: external, internal"
    )
    call.shutdown()


@pytest.mark.parametrize(
    ("with_teller", "settings", "waits"),
    [(True, {}, 30.0), (False, {}, 0.0), (True, {"redact": False}, 0.0), (True, {"redact_window": 5}, 5.0)],
)
def test_what_is_encrypted_waits_only_if_somebody_tells_what_is_redacted(
    tmp_path: Path,
    key: Any,
    monkeypatch: pytest.MonkeyPatch,
    with_teller: bool,
    settings: dict[str, Any],
    waits: float,
) -> None:
    class Deaf:
        @hookimpl
        def on_opened(self) -> None: ...

    windows: list[float] = []

    class Seen(RecordingHandler):
        def __init__(self, *arguments: Any, window: float, **more: Any) -> None:
            windows.append(window)
            super().__init__(*arguments, window=window, **more)

    monkeypatch.setattr(plugin, "RecordingHandler", Seen)
    given = {"directory": str(tmp_path), "encryption": {"recipients": [key.public]}, **settings}
    others = {"teller": Teller() if with_teller else Deaf()}
    with CallDriver(Recorder, settings=given, others=others) as call:
        call.open()
        call.close()
    with CallDriver(Recorder, settings={"directory": str(tmp_path)}, others={"teller": Teller()}) as call:
        call.open()
        call.close()
    assert windows == [waits, 0.0]  # what is not encrypted never waits


class Recogniser(SessionHandler):
    """Reads a card at two places of the call as if it had heard it: the last words only after `on_close`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.told = False

    def on_audio(self, frame: AudioFrame) -> None:
        if frame.position >= LAST and not self.told:
            self.told = True
            self.session.emit(read_out("internal", FIRST))

    async def on_close(self, reason: CloseReason) -> None:
        await asyncio.sleep(0.3)
        self.session.emit(read_out("external", LAST))


class Asr:
    """A plugin whose transcripts have times of words."""

    info = PluginInfo(consumes=("context_changed",), emits=(Transcript,))

    @hookimpl
    def create_handler(self, session: Session) -> Recogniser:
        return Recogniser(session)


def read_out(channel: str, start: int) -> Transcript:
    """Return "card" and four groups of digits, each a quarter of a second long."""
    texts = ("card", *CARD)
    words = [Word(text=text, start=start + i * RATE // 4, length=RATE // 4) for i, text in enumerate(texts)]
    text = " ".join(texts)
    return Transcript(channel=channel, text=text, start=start, length=5 * RATE // 4, words=tuple(words))


def digits(start: int) -> slice:
    """Return where the digits are, with both margins."""
    return slice(start + RATE // 4 - 2 * MARGIN, start + 5 * RATE // 4 + 2 * MARGIN)


VARIANTS: dict[str, dict[str, Any]] = {
    "wav": {},
    "flac": {"format": "flac", "per_channel": True, "pauses": "cut"},
    "pcm16": {"format": "pcm16"},
    "opus": {"format": "opus"},
    "store": {"store": True},
    "encrypted": {"encryption": True},
    "encrypted and stored": {"encryption": True, "store": True},
    "too late": {"encryption": True, "redact_window": 0},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_in_a_real_server_the_last_words_are_silenced_too(
    tmp_path: Path, key: Any, variant: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"directory": str(tmp_path / "calls"), **VARIANTS[variant]}
    directory = tmp_path / "calls"
    if "store" in settings:
        (tmp_path / "store").mkdir()
        settings["store"] = {"url": (tmp_path / "store").as_uri()}
    if "encryption" in settings:
        settings["encryption"] = {"recipients": [key.public]}
    with ServerThread(Recorder, Asr, Redact, settings={"recorder": settings}) as server:
        report = play_call(server, "pause@3, resume@3.5", audio=CallAudio.tone(5.5), speed=4, keep_audio=True)
        assert report.problem is None
        if "store" in settings:
            directory = stored(tmp_path / "store", directory)
        (document,) = documents(directory)
    opener = key if "encryption" in settings else None
    found = sound(directory, document, opener)
    sent = ulaw_decode(report.expected_recording()).reshape(-1, 2)
    assert len(found) == len(sent)
    expected = sent.copy()
    expected[digits(FIRST), document.audio.channels.index("internal")] = 0
    expected[digits(LAST), document.audio.channels.index("external")] = 0
    assert np.count_nonzero(expected != sent) > RATE
    assert all(entry.kind in ("card", "number") for entry in document.redactions)
    if variant == "opus":  # lossy: what is silent is very soft, all else is not
        for name, start in (("internal", FIRST), ("external", LAST)):
            number = document.audio.channels.index(name)
            where = digits(start)
            silent = found[where.start + 400 : where.stop - 400, number]
            assert np.abs(silent.astype(int)).max() < 100
        assert np.abs(found[: FIRST - RATE // 2].astype(int)).max() > 1000
    elif variant == "too late":
        audible = [entry for entry in document.redactions if entry.audible]
        assert audible
        assert "can still be heard" in caplog.text
        for entry in audible:
            where = slice(entry.start, entry.start + entry.length)
            number = document.audio.channels.index(entry.channel)
            expected[where, number] = sent[where, number]
        assert np.array_equal(found, expected)
    else:
        assert not any(entry.audible for entry in document.redactions)
        assert np.array_equal(found, expected)
    for text in (document.text(), caplog.text):
        assert "4111" not in text
    secret = tmp_path / "key.txt"
    secret.write_text(key.secret)
    app = make_app(RecorderSettings(directory=directory), Commands("recorder"))
    result = CliRunner().invoke(app, ["verify", str(directory), "--identity", str(secret), "--json"])
    assert result.exit_code == 0, result.output
    (verified,) = json.loads(result.stdout)
    assert verified["audible"] == pytest.approx(
        sum(entry.length for entry in document.redactions if entry.audible) / RATE, abs=0.001
    )


def test_a_replay_has_silence_there_and_the_same_timeline(tmp_path: Path) -> None:
    teller = Teller()
    call = driven(tmp_path / "live", teller)
    play(call)
    call.pause(1.0)
    teller.tell()
    play(call)
    call.discard(0.5)
    call.close()
    call.shutdown()
    (document,) = documents(tmp_path / "live")
    heard = pieces(tmp_path / "live", document, None)
    settings = {"recorder": {"directory": str(tmp_path / "again")}}
    replay(recorded_call(document), steps(document, heard), ["recorder"], settings=settings)
    (again,) = documents(tmp_path / "again")
    assert (again.events, again.gaps, again.audio) == (document.events, document.gaps, document.audio)
    assert (len(document.redactions), again.redactions) == (1, [])  # they are what plugins said of the call
    assert np.array_equal(sound(tmp_path / "again", again), sound(tmp_path / "live", document))


def stored(store: Path, directory: Path) -> Path:
    """Return where the one recording is in a store, once it is gone here."""
    until = time.monotonic() + 60
    while list(directory.glob("*.json")) or not list(store.rglob("*.json")):
        assert time.monotonic() < until, [*directory.iterdir()]
        time.sleep(0.02)
    (path,) = store.rglob("*.json")
    return path.parent
