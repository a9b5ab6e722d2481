"""Calls whose words are given: an engine that says them, a server that tells all it does, and a witness."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, pairwise
from typing import Any, Protocol

import numpy as np
from audiohook_fw_asr import Result, Segment, SegmentSettings, SpeechRecognition, Word
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from audiohook_fw import (
    CloseReason,
    PluginInfo,
    Sentiment,
    Session,
    SessionHandler,
    SpeechEnded,
    SpeechStarted,
    Transcript,
    hookimpl,
)
from audiohook_fw.audio import Samples
from audiohook_fw.auth import decode_secret
from audiohook_fw.client import AudioSource, CallOptions, CallReport, Timing, run_call
from audiohook_fw.config import new_key
from audiohook_fw.plugin import Event
from audiohook_fw.server import AudiohookServer
from audiohook_fw.telemetry import Tracing
from audiohook_fw.testing import ServerThread

from .chain import loud_part
from .truth import CLIPS, MEDIA, RATE, read_speech

GAP = 0.6
"""Seconds of nothing between two utterances of a channel: more than makes a detector join them."""
SHORTEST, LONGEST = 1.0, 2.6
"""Seconds of the clip's utterances that lend their voice."""
TIMING = Timing(open=30.0, pong=60.0, close=60.0, write=60.0, connect=60.0)
# This may be a busy machine: what is late is waited for, up to what Genesys allows after `close`.
LIMITS = {"hook_deadline": 8.8, "outbox_deadline": 0.5, "closed_deadline": 9.5}

Script = Mapping[str, Sequence[str]]
"""What each channel says, in order."""


# what is said -----------------------------------------------------------------------------------------


def voices(script: Script) -> Samples:
    """Return audio in which both channels say so much, at the same time; its end cuts off the last words.

    Whose voice it is does not matter: the engine says what it is given.
    """
    clip = read_speech(CLIPS / "conversation.wav")
    samples = clip.audio().samples
    columns = []
    for number, channel in enumerate(MEDIA.channels):
        lent = cycle(
            samples[one.start : one.end, MEDIA.channels.index(one.channel)]
            for one in clip.utterances
            if SHORTEST <= (one.end - one.start) / RATE <= LONGEST
        )
        gap = np.zeros(round(GAP * RATE), np.int16)
        # Not in step: nobody begins to speak at the same sample as the other.
        column = [np.zeros(round((0.3 + 0.25 * number) * RATE), np.int16)]
        for _ in script[channel]:
            column += [next(lent), gap]
        columns.append(np.concatenate(column[:-1]))
    end = max(map(len, columns)) - round(0.1 * RATE)  # in the middle of a word
    noise = np.random.default_rng(3).normal(0, 15, (end, len(columns)))
    for number, whole in enumerate(columns):
        part = whole[:end]
        noise[: len(part), number] += part
    return np.rint(np.clip(noise, -32767, 32767)).astype(np.int16)


class Speaking(SpeechRecognition):
    """Says what is in scripts: the first call the first one, and so on."""

    Settings = SegmentSettings
    summary = "says what it is told"

    def __init__(self, settings: SegmentSettings, scripts: Sequence[Script], *, clumsy: bool = False) -> None:
        self.engine = ScriptedSegments(scripts, clumsy=clumsy)
        super().__init__(settings)

    def make_engines(self) -> Sequence[ScriptedSegments]:
        return (self.engine,)


class ScriptedSegments:
    """An engine that gives each piece of speech the next text of its channel, its words where it is loud.

    Attributes:
        left: what each call has not said yet, by session and channel.
        interims: how many it gave.
    """

    rate = RATE
    languages = ("en-US",)

    def __init__(self, scripts: Sequence[Script], *, clumsy: bool) -> None:
        self._scripts = list(scripts)
        self._clumsy = clumsy
        self._stumbled = False
        self._begun = dict[tuple[str, str], int]()
        self.left = dict[str, dict[str, list[str]]]()
        self.interims = 0

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def recognize(self, segment: Segment) -> Result | None:
        loud = loud_part(segment.samples)
        if loud is None:
            return None
        call = self.left.get(segment.session_id)
        if call is None:
            script = self._scripts.pop(0)
            call = self.left[segment.session_id] = {side: list(texts) for side, texts in script.items()}
        if not call[segment.channel]:
            return None
        text = call[segment.channel][0]
        if self._clumsy and segment.is_final and not self._stumbled:
            self._stumbled = True
            raise ValueError(f"the service hung up after {text}")
        words = text.split()
        key = segment.session_id, segment.channel
        if segment.is_final:
            del call[segment.channel][0]
            self._begun[key] = 0
        else:
            self.interims += 1
            self._begun[key] = self._begun.get(key, 0) + 2
            words = words[: self._begun[key]]
        start, end = loud
        edges = np.linspace(start, end, len(words) + 1).astype(int).tolist()
        timed = tuple(
            Word(word, begin / RATE, (stop - begin) / RATE)
            for word, (begin, stop) in zip(words, pairwise(edges), strict=True)
        )
        said = text if segment.is_final else " ".join(words)
        return Result(said, segment.is_final, start / RATE, (end - start) / RATE, words=timed)


# who listens ------------------------------------------------------------------------------------------


class Witness:
    """Notes every event of each call in its lane, and when it came."""

    info = PluginInfo(
        summary="notes events", consumes=(SpeechStarted, SpeechEnded, Transcript, Sentiment, "redact.span")
    )

    def __init__(self) -> None:
        self.calls = dict[str, list[tuple[float, Event]]]()
        self.closed = dict[str, float]()

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Testimony(self, session.id)

    def events(self, session: str) -> list[Event]:
        """Return a call's events in their order."""
        return [event for _, event in self.calls[session]]


class _Testimony(SessionHandler):
    def __init__(self, witness: Witness, session: str) -> None:
        self.noted = witness.calls.setdefault(session, [])
        self.witness = witness
        self.session = session

    async def on_event(self, event: Event) -> None:
        self.noted.append((time.perf_counter(), event))

    async def on_close(self, reason: CloseReason) -> None:
        self.witness.closed[self.session] = time.perf_counter()


# server and client ------------------------------------------------------------------------------------


class TracedServer(ServerThread):
    """A server whose key takes interim transcripts, and whose spans are kept, unless nobody asks for them."""

    def __init__(self, *plugins: object, traced: bool = True, **options: Any) -> None:
        self.spans = InMemorySpanExporter()
        self._traced = traced
        api_key, secret = new_key()
        key = {"name": "test", "api_key": api_key, "secrets": [secret], "interims": True}
        auth = {"keys": [{**key, "product": "transcription"}]}
        super().__init__(*plugins, auth=auth, limits=LIMITS, **options)
        self.api_key = api_key
        self.client_secret = decode_secret(secret)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.spans))
        tracing = Tracing(provider if self._traced else None)
        async with AudiohookServer(
            self._loaded, self._plugins, admin_token=self.admin_token, tracing=tracing
        ) as server:
            self._ready.set_result(server)
            await self._stop.wait()
        server.metrics.shutdown()
        provider.shutdown()


@dataclass(slots=True)
class Told:
    """One call as its client saw it.

    Attributes:
        messages: what the server sent, and when.
    """

    report: CallReport
    messages: list[tuple[float, Mapping[str, Any]]] = field(default_factory=list)

    @property
    def session(self) -> str:
        """The call's session."""
        return self.report.ids.session

    def transcripts(self) -> list[tuple[str, str, bool, str]]:
        """Return id, channel, finality and text of each transcript, in order."""
        told = []
        for _, message in self.messages:
            for entity in message["parameters"].get("entities", ()) if message["type"] == "event" else ():
                data = entity["data"]
                [alternative] = data["alternatives"]
                [reading] = alternative["interpretations"]
                words = " ".join(token["value"] for token in reading["tokens"])
                assert words.split() == reading["transcript"].split()
                channel = MEDIA.channels[data["channelId"]]
                told.append((data["id"], channel, data["isFinal"], reading["transcript"]))
        return told

    def closed_at(self) -> float:
        """Return when `closed` came, which is the last of all messages."""
        at, last = self.messages[-1]
        assert last["type"] == "closed"
        return at


class Address(Protocol):
    """Where a server is, and the key to it."""

    @property
    def url(self) -> str: ...
    @property
    def api_key(self) -> str: ...
    @property
    def client_secret(self) -> bytes: ...


def play_out(server: TracedServer, calls: Sequence[Samples], *, speed: float) -> list[Told]:
    """Play calls at the same time, and wait until the server has no more of them. Blocks."""
    told = asyncio.run(converse(server, calls, speed=speed))
    given_up = time.monotonic() + 60
    while server.calls and time.monotonic() < given_up:
        time.sleep(0.05)
    assert not server.calls
    return told


async def converse(
    server: Address, calls: Sequence[Samples], *, speed: float, apart: float = 0.0
) -> list[Told]:
    """Play calls at the same time, to their ends; each begins so many seconds after the one before."""

    async def call(samples: Samples, wait: float) -> Told:
        await asyncio.sleep(wait)
        messages: list[tuple[float, Mapping[str, Any]]] = []

        def observe(way: str, data: str | bytes) -> None:
            if way == "<" and isinstance(data, str):
                messages.append((time.perf_counter(), json.loads(data)))

        options = CallOptions(
            url=server.url,
            api_key=server.api_key,
            secret=server.client_secret,
            language="en-US",
            source=AudioSource(samples),
            duration=len(samples) / RATE,
            speed=speed,
            keep_audio=True,
            timing=TIMING,
        )
        return Told(await run_call(options, observer=observe), messages)

    return list(await asyncio.gather(*(call(one, apart * number) for number, one in enumerate(calls))))
