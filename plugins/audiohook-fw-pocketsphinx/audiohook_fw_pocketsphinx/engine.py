"""The engine: a bounded number of decoder processes, each lent to one stream at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from audiohook_fw_asr import BufferedStream, EngineStream, Result, Samples, StreamRequest, Word

from .process import DecoderProcess

__all__ = ["PocketsphinxEngine"]


class PocketsphinxEngine:
    """Lends processes to streams.

    Args:
        options: of pocketsphinx. languages: what its model is for. processes: the most at once.
    """

    rate = 16000
    name = "pocketsphinx"

    def __init__(self, options: Mapping[str, str], languages: Sequence[str], processes: int) -> None:
        self.languages = tuple(languages)
        self._options = options
        self._most = processes
        self._free: list[DecoderProcess] = []
        self._all: set[DecoderProcess] = set()
        self._lent = 0  # those that are lent, or on their way
        self._threads: ThreadPoolExecutor | None = None

    async def start(self) -> None:
        """Start one decoder, to know that the model can be read."""
        self._threads = self._threads or ThreadPoolExecutor(2 * self._most, "pocketsphinx")
        self.give_back(await self._take())

    async def connect(self, request: StreamRequest) -> EngineStream:
        """Lend a decoder.

        Raises:
            RuntimeError: all are lent. EOFError: it cannot be started.
        """
        process = await self._take()
        return _Stream(self, process)

    async def stop(self) -> None:
        """End all processes."""
        for process in self._all:
            process.kill()
        await asyncio.gather(*(self.run(process.reap) for process in self._all))
        self._all.clear()
        self._free.clear()
        threads, self._threads = self._threads, None
        if threads is not None:
            await asyncio.to_thread(threads.shutdown)  # what they wait for is gone: they end at once

    async def run(self, function: Any, *args: Any) -> Any:
        """Run what blocks in a thread of the engine's."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    def give_back(self, process: DecoderProcess) -> None:
        """Take back a decoder that is well."""
        self._lent -= 1
        self._free.append(process)

    async def throw_away(self, process: DecoderProcess) -> None:
        """End a decoder that may not be well."""
        self._lent -= 1
        process.kill()
        if process in self._all:
            self._all.discard(process)
            await self.run(process.reap)

    async def _take(self) -> DecoderProcess:
        if self._lent >= self._most:
            raise RuntimeError(f"all {self._most} decoders are in use: raise `processes`, or listen to less")
        self._lent += 1
        process = self._free.pop() if self._free else await self._new()
        try:
            await self.run(process.ask, b"r")
        except BaseException:
            await self.throw_away(process)
            raise
        return process

    async def _new(self) -> DecoderProcess:
        try:
            process: DecoderProcess = await self.run(self._make)
        except BaseException:
            self._lent -= 1
            raise
        return process

    def _make(self) -> DecoderProcess:
        process = DecoderProcess(self._options)
        self._all.add(process)  # here, in the thread: whoever waits for it may be gone
        return process


class _Stream(BufferedStream):
    def __init__(self, engine: PocketsphinxEngine, process: DecoderProcess) -> None:
        super().__init__()
        self._engine = engine
        self._process = process
        self._busy = False

    async def send(self, samples: Samples) -> None:
        await self._ask(b"a", samples.tobytes())

    async def flush(self) -> None:
        await self._ask(b"f")
        await self.drained()

    async def keep_alive(self) -> None:
        """Nothing: no connection could be closed."""

    async def close(self) -> None:
        if self._busy:  # it was left in the middle of a step: what it says next is no answer to a new one
            await self._engine.throw_away(self._process)
        else:
            self._engine.give_back(self._process)

    async def _ask(self, kind: bytes, data: bytes = b"") -> None:
        self._busy = True
        for result in await self._engine.run(self._process.ask, kind, data):
            self.put(_result(result))
        self._busy = False


def _result(answer: Mapping[str, Any]) -> Result:
    words = tuple(Word(*word) for word in answer["words"])
    start, end = words[0].start, words[-1].start + words[-1].length
    confidence = sum(word.confidence for word in words) / len(words)
    text = " ".join(word.text for word in words)
    return Result(text, answer["final"], start, end - start, confidence, words=words)
