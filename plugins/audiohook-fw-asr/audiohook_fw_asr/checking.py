"""`check_engine`: tries a stream engine as the base will use it, and says what it does wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from .bounded import bounded
from .heard import Heard, read_result
from .types import EngineStream, Samples, StreamEngine, StreamRequest
from .upsampling import Upsampler

__all__ = ["check_engine"]

_RATE = 8000


async def check_engine(engine: StreamEngine, audio: Samples, *, timeout: float = 60.0) -> Sequence[str]:
    """Give a stream engine audio with speech in it (8,000 Hz), twice on one stream, and on two at once.

    Args:
        timeout: seconds that each step may take.

    Returns:
        What it heard on the first pass: the texts of its finals.

    Raises:
        AssertionError: the engine does something wrong; the text says what.
        TimeoutError: a step took too long. Whatever the engine raises.
    """
    await bounded(engine.start(), timeout)
    try:
        assert engine.rate in (8000, 16000), f"rate is {engine.rate}; it must be 8000 or 16000"
        assert engine.languages, "languages is empty; name at least one"
        first, second = _Try(engine, "external"), _Try(engine, "internal")
        await asyncio.gather(first.open(timeout), second.open(timeout))
        await asyncio.gather(first.speak(audio, timeout), second.speak(audio[: len(audio) // 2], timeout))
        heard = first.take_finals()
        second.take_finals()
        assert heard, "no final result came before flush() returned"
        await bounded(first.stream.flush(), timeout)
        assert not first.take_finals(), "flush() without new audio gave finals again"
        await bounded(first.stream.keep_alive(), timeout)
        await first.speak(audio, timeout)
        assert first.take_finals(), "no final result came for audio after flush(): the stream must go on"
        await asyncio.gather(first.close(timeout), second.close(timeout))
    finally:
        await bounded(engine.stop(), timeout)
    return [final.text for final in heard]


class _Try:
    """One stream that is tried."""

    stream: EngineStream

    def __init__(self, engine: StreamEngine, channel: str) -> None:
        self._engine = engine
        self._request = StreamRequest(
            channel, engine.languages[0], engine.rate, "a session", "a conversation"
        )
        self._upsampler = Upsampler(engine.rate // _RATE)
        self._sent = 0
        self._finals: list[Heard] = []
        self._problem = ""

    async def open(self, timeout: float) -> None:
        self.stream = await bounded(self._engine.connect(self._request), timeout)
        self._reader = asyncio.create_task(self._read())

    async def speak(self, audio: Samples, timeout: float) -> None:
        for start in range(0, len(audio), _RATE // 5):
            samples = np.ascontiguousarray(audio[start : start + _RATE // 5])
            await self._send(self._upsampler.feed(samples), timeout)
        await self._send(self._upsampler.flush(), timeout)
        await bounded(self.stream.flush(), timeout)
        for _ in range(10):
            await asyncio.sleep(0)
        self._check()

    async def close(self, timeout: float) -> None:
        self._check()
        self._reader.cancel()
        await bounded(self.stream.close(), timeout)

    def take_finals(self) -> list[Heard]:
        finals, self._finals = self._finals, []
        return finals

    async def _send(self, samples: Samples, timeout: float) -> None:
        self._sent += len(samples)
        if len(samples):
            await bounded(self.stream.send(samples), timeout)

    async def _read(self) -> None:
        async for result in self.stream:
            heard = read_result(result, 0, self._sent, self._engine.rate)
            if heard.is_final and heard.text:
                self._finals.append(heard)

    def _check(self) -> None:
        if self._reader.done():
            self._reader.result()
            raise AssertionError("the results ended while the stream was open")
        ends = [final.end for final in self._finals]
        assert ends == sorted(ends), "finals come out of order"
