"""What is on the disk after calls of every kind, compared byte by byte with what was sent."""

from __future__ import annotations

import asyncio
import errno
import random
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audiohook_fw_recorder.handler import RecordingHandler

from audiohook_fw import CloseReason, MediaFormat
from audiohook_fw.audio import WavWriter, read_wav
from audiohook_fw.plugin import PluginManager, PluginStatus, ServerContext

ID = "6f1c3d58-0000-4000-8000-0000000000ab"
RATE = 8000
STEREO = MediaFormat("PCMU", ("external", "internal"))
INVERTED = MediaFormat("PCMU", ("internal", "external"))
MONO = MediaFormat("PCMU", ("internal",))
L16 = MediaFormat("L16", ("external",))


def noise(media: MediaFormat, seconds: float, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(int(seconds * RATE) * media.frame_width)


def silence(media: MediaFormat, seconds: float) -> bytes:
    return (b"\xff" if media.format == "PCMU" else b"\0") * (int(seconds * RATE) * media.frame_width)


@pytest.mark.parametrize("media", [STEREO, INVERTED, MONO, L16], ids=lambda m: f"{m.format}-{m.channels}")
@pytest.mark.parametrize("frame", [160, 1600, 1601])
async def test_file_time_is_call_time(
    new_call: Any, manager: PluginManager, recordings: Any, media: MediaFormat, frame: int
) -> None:
    call = new_call(manager, media)
    await call.open()
    expected = b""
    for part in range(4):
        audio = noise(media, 1.25, part)
        step = frame * media.frame_width
        for start in range(0, len(audio), step):
            call.audio(audio[start : start + step])
            await asyncio.sleep(0)
        expected += audio
        if part == 0:
            call.pause(3.5, by_server=False)
            expected += silence(media, 3.5)
        elif part == 1:
            call.discard(0.25)
            expected += silence(media, 0.25)
        elif part == 2:
            call.pause(2.0, by_server=True)
            expected += silence(media, 2.0)
    await call.close()

    wav = recordings.wav()
    assert wav.payload == expected
    assert wav.rate == RATE
    sidecar = recordings.sidecar()
    assert sidecar["audio"] == {
        "format": "wav",
        "encoding": media.format,
        "rate": RATE,
        "channels": list(media.channels),
        "samples": len(expected) // media.frame_width,
        "files": [{"name": f"{ID}.wav", "channels": list(media.channels)}],
    }
    assert "owner" not in sidecar
    assert sidecar["gaps"] == [
        {"start": 10_000, "length": 28_000, "cause": "pause"},
        {"start": 48_000, "length": 2_000, "cause": "discarded"},
        {"start": 60_000, "length": 16_000, "cause": "pause"},
    ]
    assert [(e["type"], e["position"]) for e in sidecar["events"]] == [
        ("pause", 10_000),
        ("resume", 38_000),
        ("pause", 60_000),
        ("resume", 76_000),
    ]
    assert [e["origin"] for e in sidecar["events"] if e["type"] == "pause"] == ["client", "server"]
    assert sidecar["state"] == "complete"
    assert sidecar["close_reason"] == "end"
    assert sidecar["totals"] == {
        "position": 86_000,
        "audio": 40_000,
        "paused": 44_000,
        "discarded": 2_000,
        "overflow": 0,
        "frames_refused": 0,
        "withheld": {"audio": 0, "dtmf": 0},
    }


async def test_a_call_that_breaks_off_is_complete_up_to_there(
    new_call: Any, manager: PluginManager, recordings: Any
) -> None:
    call = new_call(manager, STEREO)
    await call.open()
    call.audio(noise(STEREO, 0.3))
    await call.close(CloseReason.LOST)
    assert recordings.wav().payload == noise(STEREO, 0.3)
    assert recordings.sidecar()["close_reason"] == "lost"


async def test_the_end_is_padded_to_the_length_of_the_call(
    new_call: Any, manager: PluginManager, recordings: Any
) -> None:
    call = new_call(manager, MONO)
    await call.open()
    call.audio(noise(MONO, 0.1))
    call.discard(1.0)
    await call.close()
    assert recordings.wav().payload == noise(MONO, 0.1) + silence(MONO, 1.0)


async def test_nonsense_discards_do_not_fill_the_disk(
    new_call: Any, manager: PluginManager, recordings: Any
) -> None:
    call = new_call(manager, STEREO)
    await call.open()
    for _ in range(5):
        call.discard(1_000_000_000)
    call.audio(noise(STEREO, 0.1))
    await call.close()
    sidecar = recordings.sidecar()
    assert sidecar["gaps"][0]["clamped"] is True
    assert sidecar["totals"]["discarded"] == 30 * RATE
    assert (recordings.directory / f"{ID}.wav").stat().st_size < 31 * RATE * 2


async def test_both_files_are_valid_while_the_call_runs(
    new_call: Any, manager: PluginManager, recordings: Any
) -> None:
    call = new_call(manager, STEREO)
    await call.open()
    for _ in range(20):
        call.audio(noise(STEREO, 0.2))
    assert recordings.sidecar(state="recording")["audio"]["files"][0]["name"] == f"{ID}.wav"
    while True:
        await asyncio.sleep(0.001)
        if read_wav(recordings.directory / f"{ID}.wav").samples.shape[0] == 4 * RATE:
            break
    await call.close()


async def test_calls_with_one_session_id_have_a_recording_each(
    new_call: Any, manager: PluginManager, recordings: Any
) -> None:
    for seed in range(3):
        call = new_call(manager, MONO)
        await call.open()
        call.audio(noise(MONO, 0.1, seed))
        await call.close()
    stems = [ID, f"{ID}-2", f"{ID}-3"]
    assert [recordings.wav(stem).payload for stem in stems] == [noise(MONO, 0.1, s) for s in range(3)]
    assert recordings.sidecar(stems[2])["audio"]["files"][0]["name"] == f"{stems[2]}.wav"


class Disk:
    """Stands between a recording and its WAV: it takes everything, hangs, or refuses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.works = threading.Event()
        self.works.set()
        self.full = False
        self.reached = threading.Event()
        write = WavWriter.write

        def slow(writer: WavWriter, payload: bytes) -> None:
            full = self.full  # as it was when the write began, whoever hears that it did
            self.reached.set()
            assert self.works.wait(60)
            if full:
                raise OSError(errno.ENOSPC, "No space left on device")
            write(writer, payload)

        monkeypatch.setattr(WavWriter, "write", slow)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk(monkeypatch)
    yield disk
    disk.works.set()


async def test_what_a_hanging_disk_costs_beyond_the_memory_is_silence_and_listed(
    new_call: Any, load: Any, recordings: Any, disk: Disk
) -> None:
    manager = load(memory_bytes=2**20)
    await manager.startup(ServerContext(version="0", node="test"))
    disk.works.clear()
    call = new_call(manager, MONO)
    await call.open()
    frames = [noise(MONO, 0.5, seed) for seed in range(280)]
    for frame in frames:
        call.audio(frame)
    assert await asyncio.to_thread(disk.reached.wait, 60)
    disk.works.set()
    await call.close()
    payload = recordings.wav().payload
    (gap,) = recordings.sidecar()["gaps"]
    kept = 2**20 // 4000 * 4000
    assert gap == {"start": kept, "length": 280 * 4000 - kept, "cause": "overflow"}
    assert recordings.sidecar()["totals"]["overflow"] == gap["length"]
    assert payload == b"".join(frames)[:kept] + silence(MONO, gap["length"] / RATE)


async def test_what_came_in_quarantine_is_silence_and_listed(
    new_call: Any, load: Any, recordings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = load({"faults_in_a_row": 2})
    await manager.startup(ServerContext(version="0", node="test"))
    monkeypatch.setattr(RecordingHandler, "on_pause", lambda self: 1 / 0)
    monkeypatch.setattr(RecordingHandler, "on_resume", lambda self: 1 / 0)
    call = new_call(manager, MONO)
    await call.open()
    call.audio(noise(MONO, 0.5))
    call.pause(0.1, by_server=False)
    call.audio(noise(MONO, 0.5, 1))
    await call.close()
    assert recordings.wav().payload == noise(MONO, 0.5) + silence(MONO, 0.6)
    assert recordings.sidecar()["gaps"] == [{"start": 4000, "length": 4800, "cause": "overflow"}]


async def test_big_endian_samples_are_the_same_samples(
    new_call: Any, manager: PluginManager, recordings: Any
) -> None:
    call = new_call(manager, L16, byte_order="big")
    await call.open()
    samples = np.arange(0, 32_000, 37, dtype=np.int16)
    call.audio(samples.astype(">i2").tobytes())
    await call.close()
    assert (recordings.wav().samples[:, 0] == samples).all()


async def test_a_disk_that_refuses_for_a_while_costs_nothing(
    new_call: Any, manager: PluginManager, recordings: Any, disk: Disk
) -> None:
    disk.full = True
    call = new_call(manager, MONO)
    await call.open()
    frames = [noise(MONO, 0.5, seed) for seed in range(120)]
    for frame in frames:
        call.audio(frame)
    disk.reached.clear()
    assert await asyncio.to_thread(disk.reached.wait, 60)
    disk.full = False
    await call.close()
    assert recordings.wav().payload == b"".join(frames)
    sidecar = recordings.sidecar()
    assert sidecar["errors"]["ENOSPC"] > 0
    assert sidecar["gaps"] == []


async def test_no_numbers_and_names_in_the_sidecar(
    new_call: Any, manager: PluginManager, recordings: Any
) -> None:
    call = new_call(manager, MONO)
    await call.open()
    await call.close()
    recordings.wav()
    text = (recordings.directory / f"{ID}.json").read_text(encoding="utf-8")
    assert ID in text
    for personal in ("4930111111", "Marker Name", "4930222222"):
        assert personal not in text


async def test_an_unwritable_directory_fails_at_start(load: Any, recordings: Any, tmp_path: Path) -> None:
    (tmp_path / "calls").write_text("a file in the way")
    manager = load()
    await manager.startup(ServerContext(version="0", node="test"))
    (record,) = [record for record in manager.records if record.name == "recorder"]
    assert record.status is PluginStatus.FAILED
    assert "plugins.recorder.directory" in record.error


async def test_a_format_that_cannot_be_made_fails_at_start(
    load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    manager = load(format="opus")
    await manager.startup(ServerContext(version="0", node="test"))
    (record,) = [record for record in manager.records if record.name == "recorder"]
    assert record.status is PluginStatus.FAILED
    assert "pip install 'audiohook-fw-recorder[formats]'; or set plugins.recorder.format" in record.error


async def test_the_directory_has_an_owner_while_the_server_runs(
    manager: PluginManager, recordings: Any
) -> None:
    assert [path.name[:7] for path in recordings.directory.iterdir()] == [".owner-"]
    await manager.shutdown(ServerContext(version="0", node="test"))
    assert list(recordings.directory.iterdir()) == []


async def test_recordings_belong_to_the_owner_only(
    new_call: Any, manager: PluginManager, recordings: Any
) -> None:
    call = new_call(manager, MONO)
    await call.open()
    await call.close()
    recordings.wav()
    assert {path.stat().st_mode & 0o777 for path in recordings.directory.iterdir()} == {0o600}


async def test_tags_that_came_later_are_in_the_complete_sidecar(
    new_call: Any, manager: PluginManager, recordings: Any
) -> None:
    call = new_call(manager, MONO)
    await call.open()
    call.call.view("recorder").add_tags(queue="Sales")
    await call.close()
    assert recordings.sidecar()["tags"] == {"queue": "Sales"}
