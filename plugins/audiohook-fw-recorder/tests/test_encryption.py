"""Calls that are recorded for holders of keys only: nothing of them is ever on the disk in the clear."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import shutil
import tarfile
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from audiohook_fw_recorder import Recorder
from audiohook_fw_recorder.age import Recipients
from audiohook_fw_recorder.collected import Collected, Written
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.owner import Owner
from audiohook_fw_recorder.product import finish_locally
from audiohook_fw_recorder.reading import blocks
from audiohook_fw_recorder.recording import Recording
from audiohook_fw_recorder.settings import RecorderSettings
from audiohook_fw_recorder.sidecar import Sidecar

from audiohook_fw import AudioFrame, MediaFormat
from audiohook_fw.audio import parse_wav, ulaw_decode
from audiohook_fw.config import Loaded, Settings
from audiohook_fw.plugin import PluginManager, PluginStatus, ServerContext, load_plugins

ID = "6f1c3d58-0000-4000-8000-0000000000ab"
OTHER = "6f1c3d58-0000-4000-8000-0000000000cd"
RATE = 8000
STEREO = MediaFormat("PCMU", ("external", "internal"))
L16 = MediaFormat("L16", ("external",))


async def start(load: Any, **encryption: Any) -> PluginManager:
    manager: PluginManager = load(encryption=encryption)
    await manager.startup(ServerContext(version="0", node="test"))
    (record,) = [record for record in manager.records if record.name == "recorder"]
    assert record.status is PluginStatus.ACTIVE
    return manager


def in_the_clear(directory: Path, audio: bytes) -> list[Path]:
    """Return the files that hold some 32 bytes of that audio."""
    wanted = {audio[start : start + 32] for start in range(0, len(audio) - 32, 32)}
    found = []
    for path in directory.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        if any(part in content for part in wanted):
            found.append(path)
    return found


def read(directory: Path, key: Any, stem: str = ID) -> Any:
    document = Document.read(directory / f"{stem}.json")
    return np.concatenate(list(blocks(directory, document, identities=key.identities)))


async def test_a_call_is_encrypted_from_its_first_moment_on(
    new_call: Any, load: Any, recordings: Any, key: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # what goes there would be found, too
    manager = await start(load, recipients=[key.public])
    audio = os.urandom(2 * 9 * RATE)
    call = new_call(manager, STEREO)
    await call.open()
    for begin in range(0, len(audio), 3_200):
        if begin == 64_000:
            call.pause(3.0, by_server=False)
        call.audio(audio[begin : begin + 3_200])
        assert in_the_clear(tmp_path, audio) == []
        await asyncio.sleep(0)
    call.discard(1.0)
    await call.close()
    sidecar = recordings.sidecar()
    assert in_the_clear(tmp_path, audio) == []
    assert {path.name for path in recordings.directory.iterdir() if path.name[0] != "."} == {
        f"{ID}.json",
        f"{ID}.tar",
    }
    assert sidecar["audio"] == {
        "format": "age",
        "recipients": [key.public],
        "encoding": "PCMU",
        "rate": RATE,
        "channels": ["external", "internal"],
        "samples": 13 * RATE,
        "files": [{"name": f"{ID}.tar", "channels": ["external", "internal"]}],
    }
    assert [(gap["start"], gap["cause"]) for gap in sidecar["gaps"]] == [
        (32_000, "pause"),
        (96_000, "discarded"),
    ]
    expected = np.zeros((13 * RATE, 2), np.int16)
    expected[:32_000] = ulaw_decode(audio[:64_000]).reshape(-1, 2)
    expected[56_000:96_000] = ulaw_decode(audio[64_000:]).reshape(-1, 2)
    assert np.array_equal(read(recordings.directory, key), expected)


async def test_stock_tools_open_it(new_call: Any, load: Any, recordings: Any, key: Any, decrypt: Any) -> None:
    manager = await start(load, recipients=[key.public])
    call = new_call(manager, L16, byte_order="big")
    await call.open()
    samples = np.arange(0, 32_000, 37, dtype=np.int16)
    call.audio(samples.astype(">i2").tobytes())
    await call.close()
    recordings.sidecar()
    with tarfile.open(recordings.directory / f"{ID}.tar") as archive:
        (member,) = archive.getmembers()
        content = archive.extractfile(member)
        assert content is not None
        wav = parse_wav(decrypt(content.read(), key))
    assert wav.encoding == "L16"
    assert np.array_equal(wav.samples[:, 0], samples)


async def test_organizations_have_recipients_of_their_own(
    new_call: Any, load: Any, recordings: Any, new_key: Any
) -> None:
    everybody, ours, theirs = new_key(), new_key(), new_key()
    organizations = {ID.upper(): [ours.public], OTHER: [theirs.public]}
    manager = await start(load, recipients=[everybody.public], organizations=organizations)
    call = new_call(manager, STEREO)
    await call.open()
    call.audio(os.urandom(1_600))
    await call.close()
    assert recordings.sidecar()["audio"]["recipients"] == [ours.public]
    assert len(read(recordings.directory, ours)) == 800
    for key in (everybody, theirs):
        with pytest.raises(ValueError, match="it was encrypted for others"):
            read(recordings.directory, key)


async def test_other_organizations_have_those_of_all(
    new_call: Any, load: Any, recordings: Any, new_key: Any
) -> None:
    everybody, theirs = new_key(), new_key()
    second = new_key()
    manager = await start(
        load, recipients=[everybody.public, second.public], organizations={OTHER: [theirs.public]}
    )
    call = new_call(manager, STEREO)
    await call.open()
    call.audio(os.urandom(1_600))
    await call.close()
    assert recordings.sidecar()["audio"]["recipients"] == [everybody.public, second.public]
    assert len(read(recordings.directory, everybody)) == len(read(recordings.directory, second)) == 800


async def test_a_client_that_floods_does_not_make_a_segment_of_each_message(
    new_call: Any, load: Any, recordings: Any, key: Any
) -> None:
    manager = await start(load, recipients=[key.public])
    call = new_call(manager, STEREO)
    await call.open()
    begin = time.monotonic()
    for _ in range(200):
        call.audio(os.urandom(32))
        call.discard(0.01)
        await asyncio.sleep(0.002)
    await call.close()
    recordings.sidecar()
    took = time.monotonic() - begin
    with tarfile.open(recordings.directory / f"{ID}.tar") as archive:
        assert 1 <= len(archive.getmembers()) <= took + 3  # one a second, the first, the last
    assert len(read(recordings.directory, key)) == 200 * (16 + 80)


def test_between_two_segments_is_a_second_but_at_the_end_of_the_call(tmp_path: Path, key: Any) -> None:
    media = MediaFormat("PCMU", ("external",))
    files = Recording(tmp_path, ID, media, owner=Owner(tmp_path), recipients=Recipients([key.public]))
    collected = Collected(files, Sidecar(media, {"session_id": ID}))
    collected.audio(AudioFrame(bytes(160), media, 0))
    collected.take()
    assert (collected.write(10.0), files.samples) == (Written.ALL, 160)
    collected.audio(AudioFrame(bytes(160), media, 160))
    collected.take()
    assert (collected.write(10.9), files.samples) == (Written.BUT_SIDECAR, 160)
    assert (collected.write(11.0), files.samples) == (Written.ALL, 320)
    collected.audio(AudioFrame(bytes(5 * RATE), media, 320))
    collected.take()
    assert (collected.write(11.1), files.samples) == (Written.ALL, 320 + 5 * RATE)
    nothing = {"paused": 0, "discarded": 0, "dropped": 0, "rtt": (), "audio": 0, "counts": {}}
    summary: Any = SimpleNamespace(position=50_000, reason="end", ended_at=datetime.now(UTC), **nothing)
    collected.finish(summary, {})
    assert (collected.write(11.2), files.samples, collected.closed) == (Written.ALL, 50_000, True)


async def test_a_directory_that_was_taken_away_is_there_again(
    new_call: Any, load: Any, recordings: Any, key: Any
) -> None:
    manager = await start(load, recipients=[key.public])
    audio = os.urandom(2 * 4 * RATE)
    call = new_call(manager, STEREO)
    await call.open()
    call.audio(audio[:32_000])
    call.pause(1.0, by_server=False)
    while not any(path.stat().st_size > 16_000 for path in recordings.directory.glob("*.tar")):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    shutil.rmtree(recordings.directory)
    call.audio(audio[32_000:])
    await call.close()
    recordings.sidecar()
    found = read(recordings.directory, key)
    assert np.array_equal(found[:16_000], ulaw_decode(audio[:32_000]).reshape(-1, 2))
    assert np.array_equal(found[24_000:], ulaw_decode(audio[32_000:]).reshape(-1, 2))


async def test_it_is_uploaded_as_it_is(
    new_call: Any, load: Any, recordings: Any, key: Any, tmp_path: Path
) -> None:
    (tmp_path / "store").mkdir()
    manager = load(encryption={"recipients": [key.public]}, store={"url": (tmp_path / "store").as_uri()})
    server = ServerContext(version="0", node="test")
    await manager.startup(server)
    audio = os.urandom(2 * RATE)
    call = new_call(manager, STEREO)
    await call.open()
    call.audio(audio)
    await call.close()
    place = tmp_path / "store" / ID
    while not (place / f"{ID}.json").exists() or list(recordings.directory.glob(f"{ID}*")):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await manager.shutdown(server)
    assert sorted(path.name for path in place.iterdir()) == [f"{ID}.json", f"{ID}.tar"]
    assert np.array_equal(read(place, key), ulaw_decode(audio).reshape(-1, 2))
    assert in_the_clear(tmp_path, audio) == []


async def test_nothing_is_made_of_it_after_the_call(
    new_call: Any, load: Any, recordings: Any, key: Any
) -> None:
    manager = await start(load, recipients=[key.public])
    call = new_call(manager, STEREO)
    await call.open()
    call.audio(os.urandom(1_600))
    await call.close()
    recordings.sidecar()
    before = {path.name: path.read_bytes() for path in recordings.directory.iterdir()}
    document = Document.read(recordings.directory / f"{ID}.json")
    done = finish_locally(recordings.directory, document, RecorderSettings(format="flac", pauses="cut"))
    assert (done.audio.format, done.audio.samples) == ("age", 800)
    archive = before[f"{ID}.tar"]
    (file,) = done.audio.files
    assert (file.size, file.sha256) == (len(archive), hashlib.sha256(archive).hexdigest())
    assert {path.name: path.read_bytes() for path in recordings.directory.iterdir()} == before


def problem_of(encryption: Any, directory: Path, **more: Any) -> str:
    """Return what is said at start of a recorder with these settings; it does not record then."""
    core = Settings.model_validate({"plugins": {"enabled": ["recorder"]}})
    loaded = Loaded.of(core, {"recorder": {"directory": str(directory), "encryption": encryption, **more}})
    manager = load_plugins(core.plugins, loaded.plugin_section, core.limits)
    (record,) = [record for record in manager.records if record.name == "recorder"]
    assert record.status is not PluginStatus.ACTIVE
    return record.error or ""


@pytest.mark.parametrize(
    ("encryption", "problem"),
    [
        ({}, "recipients: is required"),
        ({"recipients": []}, "recipients (from the program): must name at least one public key (age1…)"),
        ({"recipients": ["age1nonsense"]}, "recipients[0] (from the program): this is no age recipient"),
        ({"organizations": {ID: ["KEY"]}}, "recipients: is required"),
        ({"recipients": ["KEY"], "organizations": {ID: ["x"]}}, "this is no age recipient"),
        ({"recipients": ["KEY"], "organizations": {ID: []}}, "must name at least one public key (age1…)"),
        ({"recipients": ["KEY"], "organizations": {"acme": ["KEY"]}}, "id of an organization, a UUID"),
        ({"recipients": ["KEY"], "organisations": {}}, "did you mean organizations?"),
    ],
)
def test_what_is_wrong_is_said_at_start(
    tmp_path: Path, key: Any, encryption: dict[str, Any], problem: str
) -> None:
    given = json.loads(json.dumps(encryption).replace("KEY", key.public))
    said = problem_of(given, tmp_path)
    assert said.startswith("plugins.recorder.encryption.")
    assert problem in said


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"format": "flac"}, "format"),
        ({"per_channel": True, "pauses": "cut"}, "per_channel and pauses"),
    ],
)
def test_what_only_a_reader_could_make_is_refused_at_start(
    tmp_path: Path, key: Any, more: dict[str, Any], named: str
) -> None:
    said = problem_of({"recipients": [key.public]}, tmp_path, **more)
    assert said.startswith("plugins.recorder.encryption (from the program): cannot be together with")
    assert f" {named}, since the server cannot read what it wrote" in said
    assert "`audiohook-fw recordings export`" in said


def test_a_secret_key_is_refused_at_start_and_not_repeated(
    tmp_path: Path, key: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = problem_of({"recipients": [key.secret]}, tmp_path)
    assert "recipients[0] (from the program): this is a secret key" in said
    assert key.secret not in said + caplog.text


def test_without_encryption_its_library_is_not_needed(
    monkeypatch: pytest.MonkeyPatch, key: Any, tmp_path: Path
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyrage", None)
    Recorder(RecorderSettings(directory=tmp_path))
    said = problem_of({"recipients": [key.public]}, tmp_path)
    assert "pip install 'audiohook-fw-recorder[encryption]'" in said
