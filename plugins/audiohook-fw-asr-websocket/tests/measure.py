"""What the way to a service costs: an engine that answers at once, asked directly and over a WebSocket.

    python plugins/audiohook-fw-asr-websocket/tests/measure.py [--at-once 8]

The engine tells where it is loud on the speech set (`make speech`). The service is a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from audiohook_fw_asr import (
    BufferedStream,
    Result,
    Samples,
    SpeechRecognition,
    StreamEngine,
    StreamRequest,
    StreamSettings,
)
from audiohook_fw_asr.gate import EnergyGate
from audiohook_fw_asr_websocket import AsrWebsocket, EngineService
from audiohook_fw_asr_websocket.settings import AsrWebsocketSettings

sys.path.insert(0, str(Path(__file__).parents[3] / "tests"))

from speech.recognition import add_arguments, chosen, measure  # type: ignore[import-not-found]


class LoudEngine:
    """Answers "loud" for all that is, 0.3 s later, and an interim each time that it hears some of it."""

    rate = 16000
    languages = ("en-US",)

    async def start(self) -> None: ...

    async def connect(self, request: StreamRequest) -> LoudStream:
        return LoudStream(self.rate)

    async def stop(self) -> None: ...


class LoudStream(BufferedStream):
    def __init__(self, rate: int) -> None:
        super().__init__()
        self._rate = rate
        self._gate = EnergyGate(rate)
        self._heard = 0
        self._start: int | None = None

    async def send(self, samples: Samples) -> None:
        self._heard += len(samples)
        for speech in self._gate.feed(samples):
            self._start = speech.start if speech.end is None else None
            if speech.end is not None:
                self._tell(speech.start, speech.end, is_final=True)
        if self._start is not None:
            self._tell(self._start, self._heard, is_final=False)

    async def flush(self) -> None:
        for speech in self._gate.end():
            self._start = None
            if speech.end is not None:
                self._tell(speech.start, speech.end, is_final=True)
        await self.drained()

    async def keep_alive(self) -> None: ...

    async def close(self) -> None: ...

    def _tell(self, start: int, end: int, *, is_final: bool) -> None:
        self.put(Result("loud", is_final, start / self._rate, (end - start) / self._rate))


class Direct(SpeechRecognition):
    """The engine without a WebSocket."""

    Settings = StreamSettings

    def make_engines(self) -> Sequence[StreamEngine]:
        return [LoudEngine()]


async def serve() -> None:
    """Serve the engine, and print where, until the end of standard input."""
    service = EngineService(LoudEngine())
    await service.start()
    print(service.port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await service.stop()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument("--serve", action="store_true", help="be the service")
    parser.set_defaults(at_once=8, files=8)
    arguments = parser.parse_args()
    if arguments.serve:
        asyncio.run(serve())
        return
    files = chosen(arguments)
    print("asked directly")
    settings = StreamSettings(interims=arguments.interims)
    measure(Direct(settings), files, at_once=arguments.at_once).tell()
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        url = f"ws://127.0.0.1:{service.stdout.readline().strip()}/"
        print("over a WebSocket; other processes are the service")
        plugin = AsrWebsocket(AsrWebsocketSettings(urls=(url,), interims=arguments.interims))
        measure(plugin, files, at_once=arguments.at_once).tell()


if __name__ == "__main__":
    main()
