"""Measures what it costs to bring a recording into each format; prints a table for the documentation.

python tests/measure_formats.py [MINUTES]
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.product import make_product
from audiohook_fw_recorder.settings import Wanted

from audiohook_fw.audio import CONVERSATION_MEDIA, WavWriter, conversation, encode

RATE = 8000
WANTED = {
    "WAV, µ-law": Wanted(),
    "the same, pauses cut": Wanted(pauses="cut"),
    "WAV, µ-law, one file per channel": Wanted(per_channel=True),
    "WAV, PCM16": Wanted("pcm16"),
    "FLAC": Wanted("flac"),
    "Opus": Wanted("opus"),
    "Opus, one file per channel": Wanted("opus", per_channel=True),
}


def record(directory: Path, minutes: float) -> Document:
    """Write a call of two speakers that is paused for a quarter of its time."""
    speech = encode(conversation().samples, CONVERSATION_MEDIA)
    width = CONVERSATION_MEDIA.frame_width
    length = int(minutes * 60 * RATE)
    talk = length * 3 // 4
    with WavWriter(directory / "s.wav", CONVERSATION_MEDIA, overwrite=True) as wav:
        left = talk * width
        while left > 0:
            wav.write(speech[:left])
            left -= len(speech)
        wav.write_silence(length - talk)
    channels = list(CONVERSATION_MEDIA.channels)
    audio = {"format": "wav", "encoding": "PCMU", "rate": RATE, "channels": channels, "samples": length}
    sidecar = {
        "format": "audiohook-recording/1",
        "session_id": "s",
        "conversation_id": "c",
        "started_at": "2026-01-02T03:04:05Z",
        "audio": {**audio, "files": [{"name": "s.wav", "channels": channels}]},
        "events": [],
        "gaps": [{"start": talk, "length": length - talk, "cause": "pause"}],
        "state": "complete",
    }
    path = directory / "s.json"
    path.write_text(json.dumps(sidecar))
    return Document.read(path)


class Ticker(threading.Thread):
    """Wants to run each millisecond, as an event loop would, and notes how long it had to wait."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.late: list[float] = []
        self.over = False

    def run(self) -> None:
        while not self.over:
            before = time.perf_counter()
            time.sleep(0.001)
            self.late.append(time.perf_counter() - before - 0.001)

    @classmethod
    def while_(cls, work: Callable[[], object]) -> str:
        """Do some work; return how long the ticker had to wait meanwhile."""
        ticker = cls()
        ticker.start()
        work()
        ticker.over = True
        ticker.join()
        late = np.array(ticker.late) * 1000
        return f"{np.percentile(late, 99.9):.1f}, {late.max():.1f}"


def main(minutes: float) -> None:
    """Print a row for each."""
    print("| files | MB per hour | CPU seconds per hour | other threads wait, p99.9 and longest, ms |")
    print("|---|---|---|---|")
    hours = minutes / 60
    late = Ticker.while_(lambda: time.sleep(5.0))
    print(f"| nothing is made | | | {late} |")
    for name, wanted in WANTED.items():
        with tempfile.TemporaryDirectory() as directory:
            document = record(Path(directory), minutes)
            begin = time.thread_time()
            late = Ticker.while_(partial(make_product, Path(directory), document, wanted))
            seconds = time.thread_time() - begin
            size = (
                sum(path.stat().st_size for path in Path(directory).iterdir() if path.suffix != ".json") / 1e6
            )
            print(f"| {name} | {size / hours:.1f} | {seconds / hours:.1f} | {late} |", flush=True)
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000} MB")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0)
