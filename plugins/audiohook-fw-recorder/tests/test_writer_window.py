"""Audio that waits for what is redacted in it takes a part of the memory, and is never lost for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from audiohook_fw_recorder.age import Recipients
from audiohook_fw_recorder.age_spool import stored_segments
from audiohook_fw_recorder.collected import Collected
from audiohook_fw_recorder.decrypting import segments
from audiohook_fw_recorder.owner import Owner
from audiohook_fw_recorder.recording import Recording
from audiohook_fw_recorder.sidecar import Sidecar
from audiohook_fw_recorder.span import Span, SpanCounts
from audiohook_fw_recorder.writer import Writer

from audiohook_fw import AudioFrame, MediaFormat
from audiohook_fw.audio import Samples

MONO = MediaFormat("PCMU", ("external",))
FRAME = bytes(range(1, 251)) * 32
"""A second."""
HOUR = 3600.0


@pytest.fixture
def held(tmp_path: Path, key: Any) -> Collected:
    """A call whose audio waits for an hour."""
    files = Recording(tmp_path, "call", MONO, owner=Owner(tmp_path), recipients=Recipients([key.public]))
    return Collected(files, Sidecar(MONO, {"session_id": "call"}), window=HOUR, counts=SpanCounts())


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(6_000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("that did not happen within a minute")


def second(position: int) -> AudioFrame:
    return AudioFrame(FRAME, MONO, position)


def written(directory: Path) -> int:
    with (directory / "call.tar").open("rb") as file:
        return max((segment.end for segment in stored_segments(file, "call.tar")), default=0)


def test_what_waits_is_written_early_rather_than_lost(
    tmp_path: Path, held: Collected, key: Any, caplog: pytest.LogCaptureFixture
) -> None:
    memory = 20 * len(FRAME)
    writer = Writer(0.02, memory)
    writer.write(held, Collected.begin)
    for number in range(60):
        writer.audio(held, second(number * len(FRAME)))
        if number == 5:
            wait_for(lambda: not held.is_fresh and held.begun)
            threading.Event().wait(0.1)
            assert written(tmp_path) == 0  # a quarter of the memory: it waits
        wait_for(lambda: not held.is_fresh and writer.waiting <= 0.9 * memory)
    assert writer.disk.lost == 0
    assert written(tmp_path) > 0
    assert "audio waits less than redact_window" in caplog.text
    writer.write(held, lambda recording: recording.redact(Span("external", 0, "card", 0, 60 * 8000)))
    wait_for(lambda: held.counts.late == 1)
    assert writer.stop(60.0)
    assert writer.waiting == 0
    found = list(segments(tmp_path / "call.tar", key.identities))
    late = written(tmp_path)
    assert late == 60 * 8000
    sound = [int((audio.samples != 0).sum()) for _, audio in found]
    assert 0 < sum(sound) < 60 * 8000  # what had waited is silent


def test_the_end_of_the_call_ends_the_waiting(tmp_path: Path, held: Collected, key: Any) -> None:
    writer = Writer(0.02, 2**20)
    writer.write(held, Collected.begin)
    for number in range(10):
        writer.audio(held, second(number * len(FRAME)))
    wait_for(lambda: held.waiting == 10 * len(FRAME))
    threading.Event().wait(0.1)
    assert (written(tmp_path), writer.waiting) == (0, 10 * len(FRAME))
    writer.write(held, Collected.begin)  # nor is it written because something happens
    wait_for(lambda: not held.is_fresh)
    assert written(tmp_path) == 0

    nothing = {"paused": 0, "discarded": 0, "dropped": 0, "rtt": (), "audio": 0, "counts": {}}
    length = 10 * len(FRAME)
    summary: Any = SimpleNamespace(position=length, reason="end", ended_at=datetime.now(UTC), **nothing)
    writer.write(held, lambda recording: recording.redact(Span("external", 0, "card", 8000, 16_000)))
    writer.write(held, lambda recording: recording.finish(summary, {}))
    wait_for(lambda: held.closed)
    assert writer.waiting == 0
    heard = {start // 8000: bool(samples.any()) for start, samples in seconds(tmp_path, key)}
    assert heard == {second: second != 1 for second in range(10)}
    sidecar = json.loads((tmp_path / "call.json").read_text())
    assert sidecar["redactions"] == [{"channel": "external", "kind": "card", "start": 8000, "length": 8000}]
    assert writer.stop(60.0)


def seconds(directory: Path, key: Any) -> Iterator[tuple[int, Samples]]:
    """Yield each second that is stored."""
    for start, audio in segments(directory / "call.tar", key.identities):
        for first in range(0, len(audio.samples), 8000):
            yield start + first, audio.samples[first : first + 8000]


@pytest.mark.parametrize("window", [0.0, HOUR])
def test_a_call_that_outlives_a_stop_is_written_at_each_one(tmp_path: Path, key: Any, window: float) -> None:
    files = Recording(tmp_path, "call", MONO, owner=Owner(tmp_path), recipients=Recipients([key.public]))
    call = Collected(files, Sidecar(MONO, {"session_id": "call"}), window=window)
    writer = Writer(HOUR, 2**20)
    writer.write(call, Collected.begin)
    for number in range(3):
        writer.audio(call, second(number * len(FRAME)))
        writer.write(call, lambda recording, at=number: recording.event("update", at))  # type: ignore[misc]
        assert writer.stop(10.0)
        assert written(tmp_path) == (number + 1) * len(FRAME)
        assert len(json.loads((tmp_path / "call.json").read_text())["events"]) == number + 1
