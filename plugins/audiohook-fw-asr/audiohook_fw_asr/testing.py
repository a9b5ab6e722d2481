"""What tests of recognition need: audio that an engine can read for certain, and engines that fail as asked.

`speak("alpha bravo")` makes a signal whose level spells the words, also after µ-law and at 16,000 Hz. The
scripted engines read it back, so a test knows what must be heard, where, and how often.
`check_engine` tries a stream engine of your own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import numpy as np

from audiohook_fw.audio import ulaw_decode

from .checking import check_engine
from .types import EngineStream, Result, Samples, Segment, StreamRequest, Word

__all__ = [
    "VOCABULARY",
    "EngineFault",
    "Reading",
    "ScriptedEngine",
    "ScriptedSegmentEngine",
    "check_engine",
    "pause",
    "speak",
]

VOCABULARY: Final = (
    "alpha",
    "bravo",
    "charlie",
    "delta",
    "echo",
    "foxtrot",
    "golf",
    "hotel",
    "india",
    "juliett",
    "kilo",
    "lima",
    "mike",
    "november",
    "oscar",
    "papa",
    "quebec",
    "romeo",
    "sierra",
    "tango",
    "uniform",
    "victor",
    "whiskey",
    "xray",
    "yankee",
    "zulu",
)
"""The words that there are."""

_RATE: Final = 8000
_LEVELS: Final = [int(level) for level in ulaw_decode(bytes(range(0xFF, 0x7F, -1))) if level > 900]
_WORD_OF: Final = dict(zip(_LEVELS[:: len(_LEVELS) // len(VOCABULARY)], VOCABULARY, strict=False))
_KNOWN: Final = np.array(list(_WORD_OF))
_LEVEL_OF: Final = {word: level for level, word in _WORD_OF.items()}
_SHORTEST: Final = round(0.03 * _RATE)
_FOREVER: Final = 1e9


def speak(text: str, *, word: float = 0.2, gap: float = 0.06) -> Samples:
    """Return audio (8,000 Hz) of words of the `VOCABULARY`, each so many seconds long, with gaps between.

    Raises:
        KeyError: that is no word of it.
    """
    length = round(word * _RATE)
    sign = np.where(np.arange(length) // 8 % 2, -1, 1)
    parts: list[Samples] = []
    for name in text.split():
        if parts:
            parts.append(pause(gap))
        parts.append((sign * _LEVEL_OF[name]).astype(np.int16))
    return np.concatenate(parts) if parts else pause(0)


def pause(seconds: float) -> Samples:
    """Return silence (8,000 Hz)."""
    return np.zeros(round(seconds * _RATE), np.int16)


class Reading:
    """Reads what `speak` made, piece by piece.

    Attributes:
        position: samples read (at 8,000 Hz).
        words: all words that are whole, with their first sample and the one after their last.
    """

    def __init__(self, rate: int) -> None:
        self.position = 0
        self.words: list[tuple[str, int, int]] = []
        self._step = rate // _RATE
        self._odd = 0
        self._level = 0
        self._start = 0

    def feed(self, samples: Samples) -> None:
        """Read on."""
        mine = np.abs(samples[self._odd % self._step :: self._step].astype(np.int32))
        self._odd += len(samples)
        if not len(mine):
            return
        mine[~np.isin(mine, _KNOWN)] = 0
        changes = [0, *(np.flatnonzero(np.diff(mine)) + 1).tolist()]
        for change in changes:
            if (level := int(mine[change])) != self._level:
                self.end_word(self.position + change)
                self._level = level
        self.position += len(mine)

    def end_word(self, position: int | None = None) -> None:
        """Take the running word as whole, up to a position."""
        end = self.position if position is None else position
        word = _WORD_OF.get(self._level)
        if word is not None and end - self._start >= _SHORTEST:
            self.words.append((word, self._start, end))
        self._start = end

    @property
    def silence(self) -> int:
        """Samples of silence so far."""
        return 0 if self._level in _WORD_OF else self.position - self._start


class EngineFault(StrEnum):
    """How a scripted engine fails."""

    REFUSED = "refused"
    """It raises when a stream is opened."""
    CONNECT_HANGS = "connect_hangs"
    """It never opens the stream."""
    KILLED = "killed"
    """The stream breaks: sending raises, and so does the iteration."""
    ENDED = "ended"
    """The results end as if all were well."""
    HUNG = "hung"
    """It takes audio, and says nothing any more, not even after `flush`."""
    SEND_HANGS = "send_hangs"
    """It takes no more audio, and cannot be cancelled."""
    SLOW = "slow"
    """It needs ten seconds for each second of audio."""
    FLOODING = "flooding"
    """It gives interims without end."""
    REPEATING = "repeating"
    """It gives each final three times, and words of old ones again."""
    NEGATIVE = "negative"
    """It gives finals with negative times."""
    NAN = "nan"
    """It gives finals whose times are no numbers."""
    NO_TEXT = "no_text"
    """It gives finals whose text is no text."""
    NO_RESULT = "no_result"
    """It gives objects that are no results."""
    FUTURE = "future"
    """It gives finals about audio that it was never sent."""


_GARBAGE: Final[dict[EngineFault, Any]] = {
    EngineFault.NEGATIVE: Result("garbage", start=-30.0, length=1.0),
    EngineFault.NAN: Result("garbage", start=float("nan"), length=1.0),
    EngineFault.NO_TEXT: Result(b"garbage", length=0.1),  # type: ignore[arg-type]
    EngineFault.NO_RESULT: {"text": "garbage"},
    EngineFault.FUTURE: Result("garbage", start=3600.0, length=1.0),
}


@dataclass(frozen=True, slots=True)
class Failing:
    """A fault, and how many seconds of audio into the stream it begins."""

    fault: EngineFault | None = None
    after: float = 0.0


@dataclass(eq=False)
class ScriptedEngine:
    """A `StreamEngine` that reads what `speak` made; finals after 0.3 s of silence, interims word by word.

    Attributes:
        faults: of the streams in the order in which they are opened: a fault, or one with the seconds of
            audio after which it begins, or `None`. Streams beyond the last are well, or like `always`.
        streams: those that were opened. requests: what they were asked for.
        said: all finals that were given, as words with their seconds in their stream.
    """

    rate: int = _RATE
    languages: Sequence[str] = ("en-US",)
    faults: Sequence[EngineFault | tuple[EngineFault, float] | None] = ()
    always: EngineFault | None = None
    name: str = "scripted"
    streams: list[ScriptedStream] = field(default_factory=list)
    requests: list[StreamRequest] = field(default_factory=list)
    started: int = 0
    stopped: int = 0
    tries: int = 0

    async def start(self) -> None:
        """Count."""
        self.started += 1

    async def stop(self) -> None:
        """Count."""
        self.stopped += 1

    async def connect(self, request: StreamRequest) -> EngineStream:
        """Open a stream, as well as it can."""
        given = self.faults[self.tries] if self.tries < len(self.faults) else self.always
        self.tries += 1
        fault = Failing(*given) if isinstance(given, tuple) else Failing(given)
        if fault.fault is EngineFault.REFUSED:
            raise ConnectionRefusedError("scripted: no stream today")
        if fault.fault is EngineFault.CONNECT_HANGS:
            await asyncio.sleep(_FOREVER)
        self.requests.append(request)
        stream = ScriptedStream(self.rate, fault)
        self.streams.append(stream)
        return stream

    @property
    def open(self) -> int:
        """How many streams are not closed."""
        return sum(not stream.closed for stream in self.streams)


class ScriptedStream:
    """A stream of `ScriptedEngine`.

    Attributes:
        closed, flushes, keep_alives: what was asked of it. sent: samples that it was sent.
    """

    def __init__(self, rate: int, failing: Failing) -> None:
        self.closed = False
        self.flushes = self.keep_alives = self.sent = 0
        self._rate = rate
        self._failing = failing
        self._reading = Reading(rate)
        self._told = 0  # words that are in a final
        self._interim = 0
        self._results: asyncio.Queue[Any] = asyncio.Queue()

    @property
    def _fault(self) -> EngineFault | None:
        begun = self.sent >= self._failing.after * self._rate
        return self._failing.fault if begun else None

    async def send(self, samples: Samples) -> None:
        """Read samples."""
        assert not self.closed, "audio was sent on a stream that is closed"
        assert samples.dtype == np.int16
        assert samples.flags.c_contiguous
        fault = self._fault
        if fault is EngineFault.KILLED:
            self._results.put_nowait(ConnectionResetError("scripted: the stream is broken"))
            raise ConnectionResetError("scripted: the stream is broken")
        while fault is EngineFault.SEND_HANGS:
            try:
                await asyncio.sleep(_FOREVER)
            except asyncio.CancelledError:
                if self.closed:
                    raise
        if fault is EngineFault.SLOW:
            await asyncio.sleep(10 * len(samples) / self._rate)
        self.sent += len(samples)
        if fault is EngineFault.HUNG:
            return
        self._reading.feed(samples)
        self._tell()
        if fault is EngineFault.ENDED:
            self._results.put_nowait(None)

    async def flush(self) -> None:
        """Say everything."""
        self.flushes += 1
        if self._fault is EngineFault.HUNG:
            await asyncio.sleep(_FOREVER)
        self._reading.end_word()
        self._final()
        await self._results.join()

    async def keep_alive(self) -> None:
        """Count."""
        self.keep_alives += 1
        if self._fault is EngineFault.KILLED:
            raise ConnectionResetError("scripted: the stream is broken")

    async def close(self) -> None:
        """Note."""
        assert not self.closed, "a stream was closed twice"
        self.closed = True

    async def __aiter__(self) -> AsyncIterator[Any]:
        """Give results."""
        while True:
            if self._fault is EngineFault.FLOODING:
                yield Result("flood", is_final=False, length=self.sent / self._rate)
                continue
            result = await self._results.get()
            if result is None:
                self._results.task_done()
                return
            if isinstance(result, Exception):
                self._results.task_done()
                raise result
            yield result
            self._results.task_done()

    def _tell(self) -> None:
        words = self._reading.words
        if len(words) > self._told and self._reading.silence >= 0.3 * _RATE:
            self._final()
        elif len(words) > max(self._told, self._interim):
            self._interim = len(words)
            self._results.put_nowait(self._result(words[self._told :], is_final=False))

    def _final(self) -> None:
        words = self._reading.words[self._told :]
        if not words:
            return
        self._told = len(self._reading.words)
        fault = self._fault
        if fault in _GARBAGE:
            self._results.put_nowait(_GARBAGE[fault])
            return
        result = self._result(words, is_final=True)
        self._results.put_nowait(result)
        if fault is EngineFault.REPEATING:
            self._results.put_nowait(result)
            self._results.put_nowait(self._result(self._reading.words[: self._told], is_final=True))

    def _result(self, words: Sequence[tuple[str, int, int]], *, is_final: bool) -> Result:
        return make_result(words, is_final=is_final)


@dataclass(eq=False)
class ScriptedSegmentEngine:
    """A `SegmentEngine` that reads what `speak` made.

    Attributes:
        faults: of the segments in the order in which they come; `KILLED` and `REFUSED` raise, `HUNG` never
            returns, `SLOW` needs ten seconds a second, and the garbage is as that of a stream.
        seconds: that each segment takes else.
        segments: those that came.
    """

    rate: int = _RATE
    languages: Sequence[str] = ("en-US",)
    faults: Sequence[EngineFault | None] = ()
    always: EngineFault | None = None
    name: str = "scripted"
    seconds: float = 0.0
    segments: list[Segment] = field(default_factory=list)

    async def start(self) -> None:
        """Do nothing."""

    async def stop(self) -> None:
        """Do nothing."""

    async def recognize(self, segment: Segment) -> Result | None:
        """Read a segment, as well as it can."""
        count = len(self.segments)
        fault = self.faults[count] if count < len(self.faults) else self.always
        self.segments.append(segment)
        if fault in (EngineFault.KILLED, EngineFault.REFUSED):
            raise ConnectionResetError("scripted: the engine is gone")
        if fault is EngineFault.HUNG:
            await asyncio.sleep(_FOREVER)
        await asyncio.sleep(10 * segment.duration if fault is EngineFault.SLOW else self.seconds)
        if fault in _GARBAGE:
            garbage: Result = _GARBAGE[fault]
            return garbage
        reading = Reading(self.rate)
        reading.feed(segment.samples)
        reading.end_word()
        return make_result(reading.words, is_final=segment.is_final) if reading.words else None


def make_result(words: Sequence[tuple[str, int, int]], *, is_final: bool) -> Result:
    """Return a result of words with their samples at 8,000 Hz."""
    timed = tuple(Word(text, start / _RATE, (end - start) / _RATE) for text, start, end in words)
    start, end = words[0][1], words[-1][2]
    text = " ".join(word.text for word in timed)
    return Result(text, is_final, start / _RATE, (end - start) / _RATE, words=timed)
