"""Measures how fast recordings are replayed, and with how much memory; prints a table for the documentation.

python tests/measure_replay.py [HOURS]
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from audiohook_fw_recorder.commands.recorded import recorded_call, steps
from audiohook_fw_recorder.commands.sound import pieces
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.product import make_product
from audiohook_fw_recorder.settings import Wanted

from audiohook_fw import AudioFrame, Session, SessionHandler, hookimpl
from audiohook_fw.audio import CONVERSATION_MEDIA, WavWriter, conversation, encode
from audiohook_fw.replay import replay

RATE = 8000
STEM = "6f1c3d58-0000-4000-8000-0000000000ab"


class Inline(SessionHandler):
    """Looks at all samples, without waiting."""

    def __init__(self) -> None:
        self.loudest = 0

    def on_audio(self, frame: AudioFrame) -> None:
        self.loudest = max(self.loudest, int(np.abs(frame.samples).max()))


class Lane(Inline):
    """The same in a lane."""

    async def on_audio(self, frame: AudioFrame) -> None:  # type: ignore[override]
        self.loudest = max(self.loudest, int(np.abs(frame.samples).max()))


class Threads(SessionHandler):
    """The same in a thread, as recognisers do."""

    def __init__(self, session: Session) -> None:
        self.session = session

    async def on_audio(self, frame: AudioFrame) -> None:
        await self.session.run_blocking(lambda: np.abs(frame.samples).max())


class InlinePlugin:
    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return Inline()


class LanePlugin:
    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return Lane()


class ThreadsPlugin:
    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return Threads(session)


def record(directory: Path, hours: float) -> Document:
    """Write a call of two speakers, paused for a minute in its middle."""
    speech = encode(conversation().samples, CONVERSATION_MEDIA)
    left = round(hours * 3600 * RATE) * CONVERSATION_MEDIA.frame_width
    length = left // CONVERSATION_MEDIA.frame_width
    with WavWriter(directory / f"{STEM}.wav", CONVERSATION_MEDIA) as wav:
        while left > 0:
            wav.write(speech[:left])
            left -= len(speech)
    channels = list(CONVERSATION_MEDIA.channels)
    audio = {"format": "wav", "encoding": "PCMU", "rate": RATE, "channels": channels, "samples": length}
    content = {
        "format": "audiohook-recording/1",
        "session_id": STEM,
        "conversation_id": STEM,
        "started_at": "2026-01-02T03:04:05Z",
        "audio": {**audio, "files": [{"name": f"{STEM}.wav", "channels": channels}]},
        "events": [],
        "gaps": [],
        "state": "complete",
    }
    (directory / f"{STEM}.json").write_text(json.dumps(content))
    return Document.read(directory / f"{STEM}.json")


def measure(directory: Path, document: Document, name: str, plugin: object, frame_ms: float = 200.0) -> None:
    """Replay, and print a row."""
    settings = {"recorder": {"directory": str(directory / "again")}} if plugin == "recorder" else {}
    cpu, wall = time.process_time(), time.monotonic()
    sound = pieces(directory, document, None)
    replayed = replay(
        recorded_call(document), steps(document, sound), [plugin], settings=settings, frame_ms=frame_ms
    )
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    assert replayed.summary is not None
    assert replayed.faults == []
    seconds = replayed.summary.position / RATE
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"| {name} | {seconds / 3600:g} h | {frame_ms:g} ms | {wall:.1f} s | {seconds / wall:,.0f} × "
        f"| {seconds / cpu:,.0f} × | {memory:.0f} MB |",
        flush=True,
    )


def main(hours: float) -> None:
    """Measure all."""
    print("| recording, plugin | call | frames | took | times real time | per CPU second | memory so far |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as other:
        directory, long = Path(name), Path(other)
        document = record(directory, hours)
        measure(directory, document, "WAV, inline", InlinePlugin)
        measure(long, record(long, 6 * hours), "WAV, inline", InlinePlugin)
        measure(directory, document, "WAV, inline", InlinePlugin, 20.0)
        measure(directory, document, "WAV, in a lane", LanePlugin)
        measure(directory, document, "WAV, in a thread", ThreadsPlugin)
        measure(directory, document, "WAV, recorder", "recorder")
        flac = make_product(directory, document, Wanted("flac", pauses="cut"))
        measure(directory, flac, "FLAC, inline", InlinePlugin)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
