"""The thread that writes: at once, soon, again, and for the last time."""

from __future__ import annotations

import errno
import itertools
import json
import logging
import shutil
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from audiohook_fw_recorder import disk as disk_module
from audiohook_fw_recorder import recording as recording_module
from audiohook_fw_recorder import writer as writer_module
from audiohook_fw_recorder.collected import Collected, Written
from audiohook_fw_recorder.owner import Owner
from audiohook_fw_recorder.recording import Recording
from audiohook_fw_recorder.sidecar import Sidecar
from audiohook_fw_recorder.writer import Writer

from audiohook_fw import AudioFrame, Gap, MediaFormat
from audiohook_fw.audio import WavWriter, read_wav

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


def update(step: int) -> Callable[[Collected], None]:
    return lambda recording: recording.event("update", step)


def begin(writer: Writer, directory: Path, name: str = "call", audio: bytes = b"abcd") -> Collected:
    recording = collected(directory, name)
    writer.write(recording, Collected.begin)
    writer.audio(recording, frame(audio))
    return recording


def refuse(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
    def write(self: WavWriter, payload: bytes) -> None:
        assert error is not None
        raise error

    if error is None:
        monkeypatch.undo()
    else:
        monkeypatch.setattr(WavWriter, "write", write)


def test_stop_writes_what_waits_and_a_later_call_begins_a_new_thread(tmp_path: Path) -> None:
    writer = Writer(3600.0, MEMORY)
    before = set(threading.enumerate())
    for name in ("first", "second"):
        recording = begin(writer, tmp_path, name)
        writer.audio(recording, frame(b"efgh", 4))
        writer.write(recording, finish(8))
        assert writer.stop(60.0)
        assert read_wav(tmp_path / f"{name}.wav").payload == b"abcdefgh"
        assert json.loads((tmp_path / f"{name}.json").read_text())["state"] == "complete"
        assert writer.waiting == 0
    begun = set(threading.enumerate()) - before
    assert not any(thread.name == "audiohook-recorder" for thread in begun)


def test_audio_is_written_when_it_has_waited_long_enough(tmp_path: Path) -> None:
    writer = Writer(0.02, MEMORY)
    begin(writer, tmp_path)
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
    writer = Writer(0.01, MEMORY)
    recording = begin(writer, tmp_path)
    writer.write(recording, finish(4))
    while not recording._sidecar.errors.get("ENOSPC", 0) > 2:
        threading.Event().wait(0.01)
    assert writer.waiting == 4
    refuse(monkeypatch, None)
    assert writer.stop(60.0)
    sidecar = json.loads((tmp_path / "call.json").read_text())
    assert (sidecar["state"], sidecar["audio"]["samples"]) == ("complete", 4)
    assert sidecar["errors"]["ENOSPC"] > 2
    assert writer.waiting == 0


@pytest.mark.parametrize("stopped", [False, True])
def test_what_cannot_be_written_is_given_up_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, stopped: bool
) -> None:
    monkeypatch.setattr(writer_module, "RETRY", 0.01)
    monkeypatch.setattr(writer_module, "PATIENCE", 3600.0 if stopped else 0.05)
    refuse(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    writer = Writer(0.01, MEMORY)
    recording = begin(writer, tmp_path, audio=bytes(16_000))
    writer.write(recording, finish(16_000))
    if not stopped:
        while "is given up" not in caplog.text:
            threading.Event().wait(0.01)
    assert writer.stop(60.0)
    assert "recording call is given up: 2.0 s that waited are lost" in caplog.text
    assert writer.waiting == 0


@pytest.mark.parametrize("where", ["write", "begin"])
def test_one_bad_recording_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    caplog.set_level(logging.ERROR)
    writer = Writer(0.01, MEMORY)
    bad, good = collected(tmp_path, "bad"), collected(tmp_path, "good")
    monkeypatch.setattr(bad._files, where, lambda pieces: 1 / 0)
    for recording in (bad, good):
        writer.write(recording, Collected.begin)
        writer.audio(recording, frame(b"abcd"))
    for recording in (bad, good):
        writer.audio(recording, frame(b"more", 4))
        writer.write(recording, finish(8))
    assert writer.stop(60.0)
    assert read_wav(tmp_path / "good.wav").payload == b"abcdmore"
    assert "ZeroDivisionError" in caplog.text
    assert writer.waiting == 0
    assert bad.closed


def test_audio_beyond_the_memory_is_silence_and_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Writer, "_rouse", lambda self: None)  # its thread's part comes later
    writer = Writer(0.01, 10)
    one, two = begin(writer, tmp_path, "one"), begin(writer, tmp_path, "two")
    writer.audio(one, frame(b"xxxx", 4))
    writer.audio(one, frame(b"xxxx", 8))
    writer.audio(two, frame(b"xxxx", 4))
    writer.audio(two, frame(b"yy", 8))  # two fit still
    writer.write(two, finish(10))
    assert writer.waiting == 10
    monkeypatch.undo()
    writer.audio(one, frame(b"xxxx", 12))  # and four right behind, lost as well
    writer.write(one, update(16))
    while writer.waiting:
        threading.Event().wait(0.01)
    writer.audio(one, frame(b"efgh", 20))
    writer.write(one, finish(24))
    assert writer.stop(60.0)
    lost = b"\xff" * 4
    assert read_wav(tmp_path / "one.wav").payload == b"abcd" + lost * 4 + b"efgh"
    assert read_wav(tmp_path / "two.wav").payload == b"abcd" + lost + b"yy"
    sidecars = [json.loads((tmp_path / f"{name}.json").read_text()) for name in ("one", "two")]
    assert [sidecar["gaps"] for sidecar in sidecars] == [
        [{"start": 4, "length": 12, "cause": "overflow"}],
        [{"start": 4, "length": 4, "cause": "overflow"}],
    ]
    assert [sidecar["totals"]["overflow"] for sidecar in sidecars] == [12, 4]


def test_a_call_in_which_much_happens_delays_no_other(tmp_path: Path) -> None:
    writer = Writer(0.02, MEMORY)
    rude, calm = collected(tmp_path, "rude"), begin(writer, tmp_path, "calm")
    deadline = time.monotonic() + 60.0
    for step in itertools.count():
        writer.write(rude, update(step))
        if step % 1_000:
            continue
        path = tmp_path / "calm.wav"
        if path.exists() and read_wav(path).payload:
            break
        time.sleep(0.001)  # as the loop does; a thread that never waits may starve all others
        assert time.monotonic() < deadline, "the calm call is not written while the rude one goes on"
    writer.write(calm, finish(4))
    assert writer.stop(60.0)
    assert read_wav(tmp_path / "calm.wav").payload == b"abcd"


def test_a_thread_that_cannot_start_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    writer = Writer(0.0, MEMORY)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        begin(writer, tmp_path)
        assert not writer.stop(60.0)
    assert "recordings wait: can't start new thread" in caplog.text
    assert writer.stop(60.0)
    assert read_wav(tmp_path / "call.wav").payload == b"abcd"


def test_the_log_says_once_that_the_disk_refuses_and_names_a_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refuse(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    writer = Writer(0.0, MEMORY)
    for name in ("first", "second"):
        begin(writer, tmp_path, name)
    assert writer.stop(60.0)
    [record] = [r for r in caplog.records if "cannot be written" in r.getMessage()]
    assert record.session_id in ("first", "second")  # type: ignore[attr-defined]


def test_all_that_waits_is_written_in_one_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, int]] = []
    write = Collected.write

    def noting(recording: Collected, now: float, *, share: float, at_once: bool) -> Written:
        written.append((recording.session_id, recording.waiting))
        return write(recording, now, share=share, at_once=at_once)

    monkeypatch.setattr(Collected, "write", noting)
    writer = Writer(3600.0, MEMORY)
    calls = [begin(writer, tmp_path, name) for name in ("one", "two")]
    while writer._due == 0.0 or len({name for name, _ in written}) < 2:  # the first round
        threading.Event().wait(0.01)
    written.clear()
    for position in range(4, 44, 4):
        for recording in calls:
            writer.audio(recording, frame(b"efgh", position))
    assert written == []
    writer._due = 0.0  # the hour has passed
    writer._wake.set()
    while len(written) < 2:
        threading.Event().wait(0.01)
    assert {name for name, waiting in written if waiting >= 40} == {"one", "two"}
    assert writer.stop(60.0)


@pytest.mark.parametrize("what", ["directory", "wav", "sidecar"])
def test_what_is_taken_away_while_it_is_written_is_there_again(tmp_path: Path, what: str) -> None:
    directory = tmp_path / "calls"
    writer = Writer(0.01, MEMORY)
    recording = begin(writer, directory)
    while not (directory / "call.wav").exists() or writer.waiting:
        threading.Event().wait(0.01)
    if what == "directory":
        shutil.rmtree(directory)
    else:
        (directory / ("call.wav" if what == "wav" else "call.json")).unlink()
    writer.audio(recording, frame(b"efgh", 4))
    writer.write(recording, finish(8))
    assert writer.stop(60.0)
    wav = read_wav(directory / "call.wav")
    assert (wav.payload, wav.truncated) == (b"abcdefgh", False)
    assert json.loads((directory / "call.json").read_text())["state"] == "complete"


@pytest.mark.parametrize("kept", [False, True])
def test_what_is_to_be_finished_is_handed_on_once_it_is_written(tmp_path: Path, *, kept: bool) -> None:
    handed: list[str] = []
    writer = Writer(0.01, MEMORY, closed=handed.append)
    recording = begin(writer, tmp_path, audio=bytes(16_000))
    recording.kept = kept
    writer.write(recording, finish(16_000))
    assert writer.stop(60.0)
    assert handed == (["call"] if kept else [])
    sidecar = json.loads((tmp_path / "call.json").read_text())
    assert (sidecar["state"], "owner" in sidecar) == ("complete", kept)


def test_what_is_given_up_is_handed_on_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[str] = []
    writer = Writer(0.01, MEMORY, closed=handed.append)
    recording = begin(writer, tmp_path, audio=bytes(16_000))
    assert writer.stop(60.0)
    refuse(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    writer.audio(recording, frame(bytes(16_000), 16_000))
    writer.write(recording, finish(32_000))
    assert writer.stop(60.0)
    assert handed == ["call"]
    assert json.loads((tmp_path / "call.json").read_text())["state"] == "complete"


@pytest.mark.parametrize("room", [True, False])
def test_what_is_given_up_is_listed_in_the_sidecar_also_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: bool
) -> None:
    writer = Writer(0.01, MEMORY)
    recording = begin(writer, tmp_path, audio=bytes(8_000))
    assert writer.stop(60.0)
    full = OSError(errno.ENOSPC, "No space left on device")
    refuse(monkeypatch, full)
    if not room:

        def no_room(path: Path, text: str) -> None:
            raise full

        monkeypatch.setattr(recording_module, "replace", no_room)
    writer.write(recording, lambda recording: recording.gap(Gap(16_000, 8_000), "pause"))
    writer.audio(recording, frame(bytes(8_000), 8_000))
    writer.audio(recording, frame(bytes(8_000), 24_000))
    writer.write(recording, finish(32_000))
    assert writer.stop(60.0)
    monkeypatch.undo()
    wav = read_wav(tmp_path / "call.wav")
    assert (len(wav.payload), wav.truncated) == (8_000, False)
    sidecar = json.loads((tmp_path / "call.json").read_text())
    assert (sidecar["state"], sidecar["audio"]["samples"]) == ("complete", 8_000)
    assert sidecar["gaps"] == [
        {"start": 8_000, "length": 8_000, "cause": "overflow"},
        {"start": 16_000, "length": 8_000, "cause": "pause"},
        {"start": 24_000, "length": 8_000, "cause": "overflow"},
    ]
    assert sidecar["totals"]["overflow"] == 16_000
    assert sidecar["errors"]["given_up"] == 1
    assert writer.disk.given_up == 16_000
    monkeypatch.setattr(disk_module, "PATIENCE", 0.0)
    assert writer.disk.problem is None, "nothing waits, so nothing would ever tell that it works again"


def test_the_disk_tells_what_it_refuses_and_when_it_works_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(writer_module, "RETRY", 0.01)
    refuse(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    writer = Writer(0.01, 10)
    recording = begin(writer, tmp_path)
    while not writer.disk.failures["ENOSPC"]:
        threading.Event().wait(0.01)
    assert writer.disk.problem is None  # it may be over in a moment
    monkeypatch.setattr(disk_module, "PATIENCE", 0.0)
    assert writer.disk.problem == "recordings cannot be written: No space left on device"
    writer.audio(recording, frame(b"xxxxxxx", 4))
    assert writer.disk.lost == 7
    assert "what comes now is lost" in caplog.text
    refuse(monkeypatch, None)
    monkeypatch.setattr(writer_module, "RETRY", 0.01)
    while writer.waiting:
        threading.Event().wait(0.01)
    writer.write(recording, finish(11))
    assert writer.stop(60.0)
    assert writer.disk.problem is None
    assert "recordings are written again" in caplog.text
    assert "7 bytes of audio are lost" in caplog.text


def test_new_calls_are_begun_before_others_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[tuple[str, bool]] = []
    write = Collected.write

    def noting(recording: Collected, now: float, *, share: float, at_once: bool) -> Written:
        order.append((recording.session_id, recording.stem is None))
        return write(recording, now, share=share, at_once=at_once)

    writer = Writer(3600.0, MEMORY)
    running = [begin(writer, tmp_path, name) for name in ("one", "two")]
    while writer._changed or not all(recording.stem for recording in running):
        threading.Event().wait(0.01)
    monkeypatch.setattr(Collected, "write", noting)
    with writer._lock:  # so that all of it is one batch
        for recording in running:
            recording.hand_in(update(1))
            writer._changed.append(recording)
        new = collected(tmp_path, "new")
        new.hand_in(Collected.begin)
        writer._changed.append(new)
        writer._rouse()
    assert writer.stop(60.0)
    assert order[0] == ("new", True)
