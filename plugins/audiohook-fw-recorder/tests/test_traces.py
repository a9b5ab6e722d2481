"""What a directory tells of its recordings, to those who delete."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder.ledger import Removed
from audiohook_fw_recorder.owner import Owner
from audiohook_fw_recorder.traces import Listing, delete, is_at_work, read_trace, sidecars, stem_of

STEM = "6f1c3d58-0000-4000-8000-0000000000ab"
CONVERSATION = "6f1c3d58-0000-4000-8000-0000000000ac"
STARTED = "2026-01-02T03:00:00+00:00"


def write(directory: Path, name: str = f"{STEM}.json", **changes: Any) -> Path:
    audio = {"rate": 8000, "samples": 16000, "files": [{"name": f"{STEM}.wav"}], **changes.pop("audio", {})}
    content = {
        "format": "audiohook-recording/1",
        "owner": "0123456789abcdef",
        "session_id": STEM,
        "conversation_id": CONVERSATION,
        "started_at": STARTED,
        "audio": audio,
        "state": "complete",
        **changes,
    }
    path = directory / name
    path.write_text(json.dumps(content, indent=2))
    return path


def test_a_sidecar_tells_all(tmp_path: Path) -> None:
    ended = "2026-01-02T04:04:05.123456+01:00"
    write(tmp_path, ended_at=ended, leftovers=["old.wav", "../x", 7])
    trace = read_trace(tmp_path, f"{STEM}.json")
    assert trace is not None
    assert (trace.stem, trace.conversation_id, trace.owner) == (STEM, CONVERSATION, "0123456789abcdef")
    assert trace.files == (f"{STEM}.wav", "old.wav")
    assert (trace.ended.isoformat(), trace.is_running) == (ended, False)


@pytest.mark.parametrize(
    ("changes", "ended"),
    [
        ({}, datetime(2026, 1, 2, 3, 0, 2, tzinfo=UTC)),
        ({"audio": {"call_samples": 80000}}, datetime(2026, 1, 2, 3, 0, 10, tzinfo=UTC)),
        ({"ended_at": "2026-01-03T00:00:00"}, datetime(2026, 1, 3, tzinfo=UTC)),
        ({"state": "recording"}, None),
        ({"started_at": "never"}, None),
        ({"audio": {"rate": 0}}, None),
        ({"audio": {"samples": 10**30}}, None),
        ({"audio": {"samples": "many"}}, None),
    ],
)
def test_when_the_call_ended(tmp_path: Path, changes: dict[str, Any], ended: datetime | None) -> None:
    path = write(tmp_path, **changes)
    os.utime(path, (1e9, 1e9))
    trace = read_trace(tmp_path, path.name)
    assert trace is not None
    assert trace.ended == (ended or datetime.fromtimestamp(1e9, UTC))


@pytest.mark.parametrize(
    ("length", "known"), [(0, False), (30, False), (150, False), (225, True), (400, True)]
)
def test_a_damaged_one_tells_what_is_left(tmp_path: Path, length: int, known: bool) -> None:
    path = write(tmp_path)
    path.write_bytes(path.read_bytes()[:length])
    for of in (None, CONVERSATION):
        trace = read_trace(tmp_path, path.name, of=of)
        assert trace is not None
        assert trace.conversation_id == (CONVERSATION if known else None)
        assert datetime.now(UTC) - trace.ended < timedelta(hours=1)
    assert (read_trace(tmp_path, path.name, of="other") is None) is known


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '"x"', '{"format": "other/1", "conversation_id": "x"}', "[" * 100_000]
)
def test_foreign_files_are_none_of_ours(tmp_path: Path, content: str) -> None:
    (tmp_path / "notes.json").write_text(content)
    assert sidecars(tmp_path) == ["notes.json"]
    assert read_trace(tmp_path, "notes.json") is None
    assert read_trace(tmp_path, "notes.json", of=CONVERSATION) is None


def test_links_pipes_and_directories_are_none_of_ours(tmp_path: Path) -> None:
    write(tmp_path, "real.json")
    (tmp_path / "link.json").symlink_to("real.json")
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "directory.json").mkdir()
    before = sorted(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else []
    for name in ("link", "pipe", "directory", "gone"):
        assert read_trace(tmp_path, f"{name}.json") is None
    assert before == (sorted(os.listdir("/proc/self/fd")) if before else [])


def test_of_what_cannot_be_read_nobody_can_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path)
    write(tmp_path, "notes.json")

    def refuse(path: Path, flags: int) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "open", refuse)
    trace = read_trace(tmp_path, path.name, of=CONVERSATION)
    assert trace is not None
    assert (trace.conversation_id, trace.ended.year) == (None, 9999)
    assert read_trace(tmp_path, "notes.json") is None


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        (f"{STEM}.wav", STEM),
        (f"{STEM}-2.wav", f"{STEM}-2"),
        (f"{STEM}-22.json.tmp", f"{STEM}-22"),
        (f"{STEM}-external.flac", STEM),
        (f"{STEM}-2-external.flac.tmp", f"{STEM}-2"),
        (f".{STEM}.opus.part", STEM),
        (STEM, STEM),
        (f"{STEM}0.wav", f"{STEM}0"),
        ("a.b.wav", "a"),
    ],
)
def test_whose_a_file_is(name: str, stem: str) -> None:
    assert stem_of(name) == stem


def test_all_that_belongs_to_a_recording_and_nothing_else(tmp_path: Path) -> None:
    mine = [f".{STEM}.part", f"{STEM}-external.flac", f"{STEM}.wav", f"{STEM}.wav.tmp", "odd.wav"]
    others = [f"{STEM}-2.wav", f"{STEM}-2.json", "a.wav", f"{STEM}.b.json", "ledger.jsonl"]
    for name in (*mine, *others):
        (tmp_path / name).write_text("")
    files = [{"name": name} for name in ("odd.wav", "ledger.jsonl", f"{STEM}-2.json", "../a.wav", 7)]
    path = write(tmp_path, audio={"files": files})
    (tmp_path / f"{STEM}.json.tmp").write_text("")
    trace = read_trace(tmp_path, path.name)
    assert trace is not None
    belongs = Listing(tmp_path).of(trace)
    assert belongs[-2:] == [f"{STEM}.json.tmp", f"{STEM}.json"]
    removed = Removed()
    delete(tmp_path, belongs, removed)
    assert sorted(os.listdir(tmp_path)) == sorted(others)
    assert (removed.files, removed.bytes > 0) == (len(mine) + 2, True)


def test_who_is_named_otherwise_has_only_what_it_names(tmp_path: Path) -> None:
    for name in ("call.wav", "call.1.wav"):
        (tmp_path / name).write_text("")
    write(tmp_path, "call.json", audio={"files": [{"name": "call.wav"}]})
    trace = read_trace(tmp_path, "call.json")
    assert trace is not None
    assert Listing(tmp_path).of(trace) == ["call.wav", "call.wav.tmp", "call.json"]


def test_what_a_process_works_on(tmp_path: Path) -> None:
    owner = Owner(tmp_path)
    path = write(tmp_path, owner=owner.token)
    trace = read_trace(tmp_path, path.name)
    assert trace is not None
    assert not is_at_work(tmp_path, trace)
    owner.hold()
    assert is_at_work(tmp_path, trace)
    owner.release()
    assert not is_at_work(tmp_path, trace)
