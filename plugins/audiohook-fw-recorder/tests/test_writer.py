"""The thread that writes: at once, soon, again, and for the last time."""

from __future__ import annotations

import errno
import itertools
import json
import logging
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from audiohook_fw_recorder import writer as writer_module
from audiohook_fw_recorder.collected import Collected, Due, Written
from audiohook_fw_recorder.owner import Owner
from audiohook_fw_recorder.recording import Recording
from audiohook_fw_recorder.sidecar import Sidecar
from audiohook_fw_recorder.writer import Writer

from audiohook_fw import MediaFormat
from audiohook_fw.audio import WavWriter, read_wav

MONO = MediaFormat("PCMU", ("external",))


class Summary:
    """As much of a `SessionSummary` as the sidecar tells."""

    def __init__(self, position: int) -> None:
        self.reason, self.ended_at, self.rtt = "end", datetime.now(UTC), ()
        self.position = self.audio = position
        self.paused = self.discarded = self.dropped = 0


def collected(directory: Path, name: str = "call") -> Collected:
    return Collected(
        Recording(directory, name, MONO, owner=Owner(directory)), Sidecar(MONO, {"session_id": name})
    )


def finish(recording: Collected, position: int) -> None:
    recording.finish(Summary(position), from_=position, tags={})  # type: ignore[arg-type]


def refuse(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
    def write(self: WavWriter, payload: bytes) -> None:
        assert error is not None
        raise error

    if error is None:
        monkeypatch.undo()
    else:
        monkeypatch.setattr(WavWriter, "write", write)


def test_stop_writes_what_waits_and_a_later_call_begins_a_new_thread(tmp_path: Path) -> None:
    writer = Writer(delay=3600.0)
    before = set(threading.enumerate())
    for name in ("first", "second"):
        recording = collected(tmp_path, name)
        assert recording.audio(b"abcd", 4) is Due.LATER
        writer.write_later(recording)
        assert recording.audio(b"efgh", 4) is Due.KNOWN
        finish(recording, 8)
        assert writer.stop(60.0)
        assert read_wav(tmp_path / f"{name}.wav").payload == b"abcdefgh"
        assert json.loads((tmp_path / f"{name}.json").read_text())["state"] == "complete"
    begun = set(threading.enumerate()) - before
    assert not any(thread.name == "audiohook-recorder" for thread in begun)


def test_audio_is_written_when_it_has_waited_long_enough(tmp_path: Path) -> None:
    writer = Writer(delay=0.02)
    recording = collected(tmp_path)
    recording.audio(b"abcd", 4)
    writer.write_later(recording)
    for _ in range(6_000):
        path = tmp_path / "call.wav"
        if path.exists() and read_wav(path).payload == b"abcd":
            break
        threading.Event().wait(0.01)
    else:
        raise AssertionError("nothing was written")
    writer.stop(60.0)


def test_a_call_that_ended_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "RETRY", 0.01)
    refuse(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    writer = Writer(delay=0.01)
    recording = collected(tmp_path)
    recording.audio(b"abcd", 4)
    finish(recording, 4)
    writer.write(recording)
    while not recording._sidecar.errors.get("ENOSPC", 0) > 2:
        threading.Event().wait(0.01)
    refuse(monkeypatch, None)
    assert writer.stop(60.0)
    sidecar = json.loads((tmp_path / "call.json").read_text())
    assert (sidecar["state"], sidecar["audio"]["samples"]) == ("complete", 4)
    assert sidecar["errors"]["ENOSPC"] > 2


@pytest.mark.parametrize("stopped", [False, True])
def test_what_cannot_be_written_is_given_up_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, stopped: bool
) -> None:
    monkeypatch.setattr(writer_module, "RETRY", 0.01)
    monkeypatch.setattr(writer_module, "PATIENCE", 3600.0 if stopped else 0.05)
    refuse(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    writer = Writer(delay=0.01)
    recording = collected(tmp_path)
    recording.audio(bytes(16_000), 16_000)
    finish(recording, 16_000)
    writer.write(recording)
    if not stopped:
        while "is given up" not in caplog.text:
            threading.Event().wait(0.01)
    assert writer.stop(60.0)
    assert "recording call is given up: 2.0 s that waited are lost" in caplog.text


def test_one_bad_recording_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    bad, good = collected(tmp_path, "bad"), collected(tmp_path, "good")
    monkeypatch.setattr(bad._files, "write", lambda pieces: 1 / 0)
    writer = Writer(delay=0.01)
    for recording in (bad, good):
        recording.audio(b"abcd", 4)
        finish(recording, 4)
        writer.write(recording)
    assert writer.stop(60.0)
    assert read_wav(tmp_path / "good.wav").payload == b"abcd"
    assert "ZeroDivisionError" in caplog.text
    assert bad.audio(b"more", 4) is Due.KNOWN, "nothing more is collected"


def test_much_audio_is_written_at_once(tmp_path: Path) -> None:
    recording = collected(tmp_path)
    second = bytes(8_000)
    dues = [recording.audio(second, 8_000) for _ in range(7)]
    assert dues == [Due.LATER, *[Due.KNOWN] * 3, Due.NOW, *[Due.KNOWN] * 2]
    assert recording.write(0.0) is Written.ALL
    assert recording.audio(second, 8_000) is Due.LATER


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
    finish(recording, 0)
    assert recording.write(11.1) is Written.ALL
    assert len(saved) == 2


def test_a_call_in_which_much_happens_delays_no_other(tmp_path: Path) -> None:
    rude, calm = collected(tmp_path, "rude"), collected(tmp_path, "calm")
    writer = Writer(delay=0.02)
    calm.audio(b"abcd", 4)
    writer.write_later(calm)
    deadline = time.monotonic() + 60.0
    for step in itertools.count():
        rude.event("update", step)
        writer.write(rude)
        if step % 1_000:
            continue
        if (tmp_path / "calm.wav").exists():
            break
        time.sleep(0.001)  # as the loop does; a thread that never waits may starve all others
        assert time.monotonic() < deadline, "the calm call is not written while the rude one goes on"
    assert writer.stop(60.0)
    assert read_wav(tmp_path / "calm.wav").payload == b"abcd"


def test_what_a_client_floods_is_counted_and_not_listed(tmp_path: Path) -> None:
    recording = collected(tmp_path)
    for step in range(5_003):
        recording.event("update", step)
        recording.gap(step * 10, 5, "discarded", clamped=False)
    finish(recording, 60_000)
    assert recording.write(0.0) is Written.ALL
    sidecar = json.loads((tmp_path / "call.json").read_text())
    assert (len(sidecar["events"]), len(sidecar["gaps"])) == (5_000, 5_000)
    assert sidecar["left_out"] == {"events": 3, "gaps": 3}


def test_a_thread_that_cannot_start_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    writer = Writer(delay=0.0)
    recording = collected(tmp_path)
    recording.audio(b"abcd", 4)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        writer.write(recording)
    assert "recordings wait: can't start new thread" in caplog.text
    assert writer.stop(60.0)
    assert read_wav(tmp_path / "call.wav").payload == b"abcd"


def test_the_log_says_once_that_the_disk_refuses_and_names_a_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refuse(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    writer = Writer(delay=0.0)
    for name in ("first", "second"):
        recording = collected(tmp_path, name)
        recording.audio(b"abcd", 4)
        writer.write(recording)
    assert writer.stop(60.0)
    [record] = [r for r in caplog.records if "cannot be written" in r.getMessage()]
    assert record.session_id == "first"  # type: ignore[attr-defined]


@pytest.mark.parametrize("taken", ["call.json", "call.wav"])
def test_a_name_that_somebody_else_has_is_left_to_them(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).mkdir()
    recording = collected(tmp_path)
    assert recording.write(0.0) is Written.ALL
    names = {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert names == {taken, "call-2.json", "call-2.wav"}


def test_all_that_waits_is_taken_in_one_go_once_the_first_has_waited_long_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(writer_module.time, "monotonic", lambda: now)
    monkeypatch.setattr(Writer, "_rouse", lambda self: None)  # its thread's part is done here
    writer = Writer(delay=1.0)
    first, second, third = (collected(tmp_path, name) for name in ("first", "second", "third"))
    writer.write_later(first)
    now = 100.9
    writer.write_later(second)
    assert writer._taken() == []
    now = 101.0
    assert writer._taken() == [first, second]
    writer.write_later(third)
    now = 101.9
    assert writer._taken() == [], "a new wait has begun"
    now = 102.0
    assert writer._taken() == [third]
