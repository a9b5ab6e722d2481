"""What one call has collected: its sidecar, its name, and files that somebody took away."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from audiohook_fw_recorder.collected import Collected, Written
from audiohook_fw_recorder.owner import Owner
from audiohook_fw_recorder.recording import Recording
from audiohook_fw_recorder.sidecar import Sidecar
from audiohook_fw_recorder.writer import Writer

from audiohook_fw import AudioFrame, Gap, MediaFormat
from audiohook_fw.audio import read_wav

MONO = MediaFormat("PCMU", ("external",))
MEMORY = 2**20


class Summary:
    """As much of a `SessionSummary` as the sidecar tells."""

    def __init__(self, position: int) -> None:
        self.reason, self.ended_at, self.rtt = "end", datetime.now(UTC), ()
        self.position = self.audio = position
        self.paused = self.discarded = self.dropped = 0
        self.counts: dict[str, int] = {}


def collected(directory: Path, name: str = "call") -> Collected:
    return Collected(
        Recording(directory, name, MONO, owner=Owner(directory)), Sidecar(MONO, {"session_id": name})
    )


def frame(payload: bytes, position: int = 0) -> AudioFrame:
    return AudioFrame(payload, MONO, position)


def finish(position: int) -> Callable[[Collected], None]:
    return lambda recording: recording.finish(Summary(position), {})  # type: ignore[arg-type]


def test_a_call_in_which_much_happens_has_its_sidecar_written_once_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = collected(tmp_path)
    saved: list[str] = []
    monkeypatch.setattr(recording._files, "save", saved.append)
    assert recording.write(10.0) is Written.ALL
    for step in range(100):
        recording.event("update", step)
        assert recording.write(10.0 + step / 101) is Written.BUT_SIDECAR
    assert saved == []  # it was made with a sidecar just now
    assert recording.write(11.0) is Written.ALL
    recording.event("update", 100)
    finish(0)(recording)
    assert recording.write(11.1) is Written.ALL
    assert len(saved) == 2


def test_what_a_client_floods_is_counted_and_not_listed(tmp_path: Path) -> None:
    recording = collected(tmp_path)
    for step in range(5_003):
        recording.event("update", step)
        recording.gap(Gap(step * 10, 5), "discarded")
    finish(0)(recording)
    assert recording.write(0.0) is Written.ALL
    sidecar = json.loads((tmp_path / "call.json").read_text())
    assert (len(sidecar["events"]), len(sidecar["gaps"])) == (5_000, 5_000)
    assert sidecar["left_out"] == {"events": 3, "gaps": 3}


@pytest.mark.parametrize("taken", ["call.json", "call.wav"])
def test_a_name_that_somebody_else_has_is_left_to_them(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).mkdir()
    recording = collected(tmp_path)
    assert recording.write(0.0) is Written.ALL
    names = {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert names == {taken, "call-2.json", "call-2.wav"}


def test_a_call_that_goes_on_is_written_to_a_new_file_soon(tmp_path: Path) -> None:
    recording = collected(tmp_path)
    assert recording.write(0.0) is Written.ALL
    (tmp_path / "call.wav").unlink()
    for step in range(4):
        recording.audio(frame(b"abcd", step * 4))
        recording.take()
        recording.write(float(step))
    assert read_wav(tmp_path / "call.wav").payload == b"abcd" * 4
    recording.abandon()


def test_a_directory_that_is_taken_away_is_there_again_within_a_round(tmp_path: Path) -> None:
    directory = tmp_path / "calls"
    directory.mkdir()
    owner = Owner(directory)
    owner.hold()
    writer = Writer(0.02, MEMORY, owner=owner)
    recording = collected(directory)
    recording._files._owner = owner
    writer.write(recording, Collected.begin)
    writer.audio(recording, frame(b"abcd"))
    while not (directory / "call.wav").exists() or writer.waiting:
        threading.Event().wait(0.01)
    shutil.rmtree(directory)
    for _ in range(6_000):  # nothing more is said, and no hook is called
        if (directory / "call.wav").exists() and read_wav(directory / "call.wav").payload == b"abcd":
            break
        threading.Event().wait(0.01)
    while not ((directory / "call.json").exists() and owner.is_here()):
        threading.Event().wait(0.01)
    writer.write(recording, finish(4))
    assert writer.stop(60.0)
    owner.release()
