"""What an engine is: the two protocols that its author writes, and the values that go in and come out.

An engine knows nothing of calls, call time, pauses, restarts or Genesys: all that is the base's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

__all__ = [
    "Engine",
    "EngineStream",
    "Result",
    "Samples",
    "Segment",
    "SegmentDroppedError",
    "SegmentEngine",
    "StreamEngine",
    "StreamRequest",
    "Word",
]

Samples: TypeAlias = npt.NDArray[np.int16]
"""One channel of audio: int16, shape `(n,)`."""


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word; `start` and `length` in seconds from the start of what the engine was given."""

    text: str = field(repr=False)
    start: float
    length: float
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Result:
    """What an engine made of a stretch of audio. The text and the words are not in `repr`.

    Attributes:
        text: what was said. An empty final says that there was nothing in this stretch.
        is_final: whether the engine will not change it any more. An interim is replaced by the next result.
        start, length: seconds from the start of what the engine was given (its stream, or the segment).
            `length` 0 in the result of a segment means the whole segment.
        confidence: from 0 to 1.
        language: BCP 47; empty means the one that was asked for.
        words: with their times, where the engine knows them.
    """

    text: str = field(repr=False)
    is_final: bool = True
    start: float = 0.0
    length: float = 0.0
    confidence: float = 1.0
    language: str = ""
    words: tuple[Word, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of speech of one channel.

    Attributes:
        samples: read-only int16 at `rate`.
        rate: the engine's.
        language: the one of the engine's `languages` that fits the call.
        channel: `external` or `internal`.
        session_id: of the call, for fairness among calls.
        is_final: the piece is whole; else more of it will come, and its result is an interim.
    """

    samples: Samples = field(repr=False)
    rate: int
    language: str
    channel: str
    session_id: str
    is_final: bool = True

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What a stream is for: one channel of one call in one language (of the engine's `languages`)."""

    channel: str
    language: str
    rate: int
    session_id: str
    conversation_id: str


class SegmentDroppedError(Exception):
    """Raised by `SegmentEngine.recognize`: this piece is given up, and no fault of the engine.

    It had too much to do, say, or the piece itself is bad. The piece is not tried again.
    """


@runtime_checkable
class SegmentEngine(Protocol):
    """An engine that takes whole pieces of speech.

    Attributes:
        rate: samples per second that it wants: 8000 or 16000.
        languages: BCP 47 tags that it understands; `en` stands for every English, `*` for whatever else.
    """

    @property
    def rate(self) -> int: ...
    @property
    def languages(self) -> Sequence[str]: ...

    async def start(self) -> None:
        """Get ready: load a model, check a key. Raises when it cannot; called again after a while then."""

    async def recognize(self, segment: Segment) -> Result | None:
        """Return what is said in a segment, or `None` for nothing; may be cancelled.

        Raises: `SegmentDroppedError` when it gives this one up; anything else when it fails.
        """

    async def stop(self) -> None:
        """Let go of everything."""


@runtime_checkable
class EngineStream(Protocol):
    """One channel of one call at an engine. The base calls one method at a time, and iterates it once.

    Any method may raise when the stream is broken; so may the iteration. The base then makes a new stream
    and sends again what no final result has confirmed.
    """

    async def send(self, samples: Samples) -> None:
        """Take audio: int16 at the engine's rate, some 200 ms, contiguous."""

    async def flush(self) -> None:
        """Return once everything that was sent has come out as final results. The stream goes on after it."""

    async def keep_alive(self) -> None:
        """Do what keeps the stream open while no audio comes; called every few seconds then."""

    async def close(self) -> None:
        """Let go of the stream, at once. Called once, also when it is broken; nothing is called after it."""

    def __aiter__(self) -> AsyncIterator[Result]:
        """Give results; `start` and `length` in seconds of audio sent on this stream."""


@runtime_checkable
class StreamEngine(Protocol):
    """An engine that takes all audio of a channel as it comes, and finds speech in it by itself.

    Attributes: as of `SegmentEngine`.
    """

    @property
    def rate(self) -> int: ...
    @property
    def languages(self) -> Sequence[str]: ...

    async def start(self) -> None:
        """Get ready: load a model, check a key. Raises when it cannot; called again after a while then."""

    async def connect(self, request: StreamRequest) -> EngineStream:
        """Open a stream. Raises when it cannot; may be cancelled."""

    async def stop(self) -> None:
        """Let go of everything; all streams are closed before."""


Engine: TypeAlias = SegmentEngine | StreamEngine
"""Either kind."""
