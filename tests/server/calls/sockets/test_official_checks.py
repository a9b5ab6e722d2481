"""The transcript checks of the official test suite, on speech of our own with the same silences.

Each check plays eleven seconds over a real socket and does what the suite does, at the same moments.
`TALKERS` are the plugins that make transcripts of it: whatever transcribes must pass.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audiohook_fw_asr import Result, SegmentSettings, SpeechRecognition
from audiohook_fw_vad import Vad

from audiohook_fw.audio import encode, read_wav
from audiohook_fw.plugin import PluginInfo, ServerContext, SessionHandler, Transcript, hookimpl
from audiohook_fw.protocol import Discarded, MediaFormat, Paused, Resumed, Update, parse_duration

SERVER = ServerContext(version="0.1.0", node="test")
RATE = 8_000
FRAME = 1_600
SECONDS = 11
MEDIA = MediaFormat("PCMU", ("external", "internal"))
APART = 0.41
"""Seconds of silence that separate two utterances of one channel."""
STOP = 0.06
"""Seconds of silence inside an utterance, which end nothing."""
BLIP, WORD = (10.3, 10.38), round(7.5 * RATE)
"""What is too short to be speech; and where the clip of speech is in the middle of a word."""
INSIDE, BETWEEN = 8.0, 6.5
"""When the suite interferes: in the middle of the last utterance, and in the silence before it."""
EXPECTED = [(0.1, 0.4), (1.1, 1.6), (2.9, 1.2), (4.9, 1.0), (6.7, 2.6)]
SPLIT = [*EXPECTED[:4], (6.7, 1.3), (8.0, 1.3)]
"""Offset and duration of each utterance in seconds, as the suite has them, and with the last one cut."""
DELTA = 0.5
"""How far off they may be for the suite."""
_LANGUAGE = re.compile(r"[a-z]{2,3}-[A-Za-z]{2,3}")  # as the official client has it


@dataclass(frozen=True)
class Clip:
    """Eleven seconds of both sides.

    Attributes:
        payload: the audio, PCMU. spoken: begin and end in seconds of what the external side says.
        others: how many utterances the internal side has.
    """

    payload: bytes
    spoken: Sequence[tuple[float, float]]
    others: int


def hum() -> Clip:
    """Make a voice of harmonics whose loudness moves as syllables do, over a noise of the line."""
    spoken = [(0.1, 1.1 - APART), (1.1, 2.9 - APART), (2.9, 4.9 - APART), (4.9, 6.7 - APART), (6.7, 9.3)]
    internal = [(3.1, 3.95), (3.95 + APART, 5.2), BLIP]
    random = np.random.default_rng(8)
    sides = [random.normal(0, 12, SECONDS * RATE) for _ in MEDIA.channels]
    for side, utterances in zip(sides, (spoken, internal), strict=True):
        for begin, end in utterances:
            side[round(begin * RATE) : round(end * RATE)] += voice(round(end * RATE) - round(begin * RATE))
    for begin, end in spoken[1:4]:
        middle = round((begin + end) / 2 * RATE)
        sides[0][middle : middle + round(STOP * RATE)] = random.normal(0, 12, round(STOP * RATE))
    return Clip(encode(np.stack(sides, axis=1).astype(np.int16), MEDIA), spoken, others=2)


def voice(samples: int) -> Any:
    time = np.arange(samples) / RATE
    tone = sum(np.sin(2 * np.pi * 130 * n * time) / n for n in range(1, 12))
    return 3_000 * tone * (0.7 + 0.3 * np.sin(2 * np.pi * 4 * time))


# what transcribes -----------------------------------------------------------------------------------


class Scripted:
    """Takes for speech what is loud, and knows the words beforehand."""

    info = PluginInfo(summary="transcribes by loudness", emits=(Transcript,))

    @hookimpl
    def supported_languages(self) -> Sequence[str]:
        return ["en-US", "en", "es-419"]

    @hookimpl
    def create_handler(self, session: Any) -> SessionHandler:
        return _Listening(session)


class _Listening(SessionHandler):
    def __init__(self, session: Any) -> None:
        self._ears = [_Ear(session, channel) for channel in session.media.channels]

    def on_audio(self, frame: Any) -> None:
        for ear in self._ears:
            ear.hear(frame.channel(ear.channel), frame.position)

    def on_pause(self) -> None:
        for ear in self._ears:
            ear.end()

    on_update = on_close = on_pause


class _Ear:
    """One channel: speech ends after 0.3 s of silence, and shorter than 100 ms is none."""

    BLOCK = 80

    def __init__(self, session: Any, channel: str) -> None:
        self.channel = channel
        self._session = session
        self._start: int | None = None
        self._stop = 0
        self._heard = 0
        self._silence = 0

    def hear(self, samples: Any, position: int) -> None:
        loud = np.abs(samples.reshape(-1, self.BLOCK).astype(np.int32)).max(axis=1) > 300
        for number, is_loud in enumerate(loud):
            at = position + number * self.BLOCK
            if is_loud:
                self._start = at if self._start is None else self._start
                self._stop = at + self.BLOCK
                self._heard += self._silence + self.BLOCK
                self._silence = 0
            elif self._start is not None:
                self._silence += self.BLOCK
                if self._silence >= 0.3 * RATE:
                    self.end()

    def end(self) -> None:
        start, heard = self._start, self._heard
        self._start, self._heard, self._silence = None, 0, 0
        if start is not None and heard >= 0.1 * RATE:
            text = "as I said before"
            event = Transcript(channel=self.channel, text=text, start=start, length=self._stop - start)
            self._session.emit(event)


@dataclass(frozen=True)
class Talker:
    """Plugins that transcribe, the clip that they are tried on, and how exact they are (seconds)."""

    plugins: Callable[[], Mapping[str, object]]
    clip: Callable[[], Clip]
    exact: float


class Listener(SpeechRecognition):
    """The base of speech recognition, with an engine that understands a word of whatever it gets."""

    Settings = SegmentSettings
    summary = "hears that somebody spoke"

    def make_engines(self) -> Sequence[Any]:
        return (_Words(),)


class _Words:
    rate = 16_000
    languages = ("en-US",)

    async def start(self) -> None: ...

    stop = start

    async def recognize(self, segment: Any) -> Result | None:
        await asyncio.sleep(0.3)  # it takes a while
        loud = np.flatnonzero(np.abs(segment.samples.astype(np.int32)) > 300) / self.rate
        return Result("so it is", start=loud[0], length=loud[-1] - loud[0]) if len(loud) else None


def said() -> Clip:
    """Return speech: computer voices in the layout of the suite."""
    wav = Path(__file__).parents[3] / "speech" / "clips" / "suite.wav"
    truth = json.loads(wav.with_suffix(".json").read_bytes())["utterances"]
    spoken = [(one["start"] / RATE, one["end"] / RATE) for one in truth if one["channel"] == "external"]
    samples = read_wav(wav).samples.copy()
    begin, end = (round(second * RATE) for second in BLIP)
    samples[begin:end, 0] = samples[WORD : WORD + end - begin, 0]
    return Clip(encode(samples, MEDIA), spoken, others=len(truth) - len(spoken))


def heard() -> Mapping[str, object]:
    return {"vad": Vad(Vad.Settings()), "listener": Listener(SegmentSettings())}


TALKERS = {
    "scripted": Talker(lambda: {"scripted": Scripted()}, hum, 0.02),
    "vad and asr": Talker(heard, said, 0.1),
}


# the suite's client -------------------------------------------------------------------------------------


class Suite:
    """A call of the official suite: it streams the clip, and collects the first entity of each event."""

    def __init__(self, caller: Any, clip: Clip, exact: float) -> None:
        self.caller, self.clip, self.exact = caller, clip, exact
        self._sent = 0

    async def stream(self, until: float) -> None:
        """Send audio up to a second of the clip, in real time."""
        size = FRAME * MEDIA.frame_width
        while self._sent < round(until * RATE):
            at = self._sent * MEDIA.frame_width
            part = min(size, (round(until * RATE) - self._sent) * MEDIA.frame_width)
            await self.caller.hear(self.clip.payload[at : at + part])
            self._sent += part // MEDIA.frame_width
            await self.caller.stay(part / MEDIA.frame_width / RATE)

    async def finish(self) -> list[tuple[float, float]]:
        """Stream the rest, close, and return offset and duration of what the external side said."""
        await self.stream(SECONDS)
        found = await self.close()
        others = [data for data in self.events() if data["channelId"] == 1]
        assert len(others) == self.clip.others
        return found

    async def close(self) -> list[tuple[float, float]]:
        """Close, and return offset and duration of what the external side said."""
        await self.caller.close()
        assert self.caller.faults == []
        assert self.caller.types[-1] == "closed"
        assert len({data["id"] for data in self.events()}) == len(self.events())
        return self.told()

    def events(self) -> list[Mapping[str, Any]]:
        """Return the transcripts that came so far."""
        return [check_event(message) for message in self.caller.all("event")]

    def told(self) -> list[tuple[float, float]]:
        """Return offset and duration of what the external side said so far."""
        return sorted(place(data) for data in self.events() if data["channelId"] == 0)


def check_event(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the transcript of an event; it has all that the suite looks for."""
    [entity] = message["parameters"]["entities"]  # one event per utterance, the transcript in it first
    assert entity["type"] == "transcript"
    data = entity["data"]
    assert data["isFinal"] is True  # this call did not ask for interims
    for alternative in data["alternatives"]:
        assert 0 <= alternative["confidence"] <= 1
        for interpretation in alternative["interpretations"]:
            assert interpretation["type"] == "display"
            assert interpretation["transcript"]
            tokens = interpretation["tokens"]
            assert tokens
            assert len({token["offset"] for token in tokens}) == len(tokens)
            assert all(token["type"] == "word" and token["value"] for token in tokens)
            assert all(0 <= token["confidence"] <= 1 and token["duration"] for token in tokens)
    return dict(data)


def place(data: Mapping[str, Any]) -> tuple[float, float]:
    offset, duration = (parse_duration(data[name]).total_seconds() for name in ("offset", "duration"))
    return offset, duration


def assert_places(
    found: Sequence[tuple[float, float]], expected: Sequence[tuple[float, float]], tolerance: float
) -> None:
    assert len(found) == len(expected), found
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=tolerance), found


@pytest.fixture(params=TALKERS)
async def suite(request: pytest.FixtureRequest, house: Any) -> Any:
    """Open a call of the suite with one of the talkers; `suite.exact` is how exact that is."""
    return await started(request.param, house, language="en-US")


async def started(name: str, house: Any, *, language: str | None) -> Suite:
    """Start the server with a talker, and open a call."""
    talker = TALKERS[name]
    await house.start(**await asyncio.to_thread(talker.plugins))
    await house.plugins.startup(SERVER)
    caller = await house.opened(product="transcription", open={"language": language})
    return Suite(caller, await asyncio.to_thread(talker.clip), talker.exact)


@pytest.fixture(autouse=True)
async def stopped(house: Any) -> AsyncIterator[None]:
    """Shut the plugins down at the end, once the calls are over."""
    yield
    await house.stop()
    await house.plugins.shutdown(SERVER)


def truth(clip: Clip, *, cut: float | None = None) -> list[tuple[float, float]]:
    """Return offset and duration of what is spoken; the utterance around `cut` is two."""
    pieces = []
    for begin, end in clip.spoken:
        if cut is not None and begin < cut < end:
            pieces += [(begin, cut), (cut, end)]
        else:
            pieces.append((begin, end))
    return [(begin, end - begin) for begin, end in pieces]


# the checks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TALKERS)
async def test_supported_languages(name: str, house: Any) -> None:
    await house.start(**await asyncio.to_thread(TALKERS[name].plugins))
    await house.plugins.startup(SERVER)
    caller = await house.call(product="transcription")
    opened = await caller.open(language="en-US", supported_languages=True)
    languages = opened["parameters"]["supportedLanguages"]
    assert languages
    assert all(_LANGUAGE.fullmatch(language) for language in languages)
    await caller.close()


@pytest.mark.parametrize("language", [None, "fr-FR"])
@pytest.mark.parametrize("name", TALKERS)
async def test_an_unsupported_language(name: str, language: str | None, house: Any) -> None:
    """It pauses the call until an update names another one, and then all is as ever."""
    suite = await started(name, house, language=language)
    caller = suite.caller
    assert caller.all("opened")[0]["parameters"]["startPaused"] is True
    await caller.say(Paused())
    await caller.stay(2)
    assert caller.count("resume", "event") == 0
    await caller.say(Update(language="EN-us"))
    await caller.until("resume")
    await caller.stay(0.1)
    assert_places(await suite.finish(), truth(suite.clip), suite.exact)


async def test_events(suite: Any) -> None:
    found = await suite.finish()
    assert_places(found, EXPECTED, DELTA)
    assert_places(found, truth(suite.clip), suite.exact)


@pytest.mark.parametrize(("at", "expected"), [(INSIDE, SPLIT), (BETWEEN, EXPECTED)])
async def test_update(at: float, expected: Any, suite: Any) -> None:
    await suite.stream(at)
    await suite.caller.say(Update(language="en-US"))
    await suite.caller.stay(1)
    assert len(suite.told()) == 4 + (at == INSIDE)  # what it ends is told at once
    found = await suite.finish()
    assert_places(found, expected, DELTA)
    assert_places(found, truth(suite.clip, cut=at), suite.exact)


async def test_close(suite: Any) -> None:
    """What is being said when the call ends is told before `closed`."""
    await suite.stream(INSIDE)
    found = await suite.close()
    assert_places(found, SPLIT[:5], DELTA)
    assert_places(found, truth(suite.clip, cut=INSIDE)[:5], suite.exact)


@pytest.mark.parametrize(("at", "length"), [(INSIDE, 0.5), (BETWEEN, 0.3)])
async def test_discard(at: float, length: float, suite: Any) -> None:
    """No audio is missing, but call time goes on: what is spoken then begins, or ends, as much later."""
    await suite.stream(at)
    await suite.caller.say(Discarded(start=timedelta(seconds=at), discarded=timedelta(seconds=length)))
    found = await suite.finish()
    begin, duration = truth(suite.clip)[-1]
    last = (begin, duration + length) if begin < at else (begin + length, duration)
    assert_places(found, [*truth(suite.clip)[:-1], last], suite.exact)
    assert_places(found, EXPECTED, DELTA + suite.exact)


@pytest.mark.parametrize(("at", "expected"), [(INSIDE, SPLIT), (BETWEEN, EXPECTED)])
@pytest.mark.parametrize("passes", [0.0, 10.0])
async def test_pause(at: float, expected: Any, passes: float, suite: Any) -> None:
    """The suite's client freezes its position in a pause; the real one does not, so all after it is later."""
    await suite.stream(at)
    for _ in range(2):  # it sends every `paused` twice
        await suite.caller.say(Paused())
    await suite.caller.stay(10)
    assert len(suite.told()) == 4 + (at == INSIDE)  # what it ends is told in it
    await suite.caller.say(Resumed(start=timedelta(seconds=at), discarded=timedelta(seconds=passes)))
    found = [
        (begin if begin < at - suite.exact else begin - passes, duration)
        for begin, duration in await suite.finish()
    ]
    assert_places(found, expected, DELTA)
    assert_places(found, truth(suite.clip, cut=at), suite.exact)
