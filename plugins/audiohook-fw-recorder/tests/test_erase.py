"""Erasing: nothing of the conversation is left here, all else is, and the ledger says so."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder import erase as module
from audiohook_fw_recorder.erase import EraseError, Held, erase, look
from audiohook_fw_recorder.ledger import LEDGER, Removed, check_ledger, digest_of
from audiohook_fw_recorder.owner import Owner
from audiohook_fw_recorder.traces import read_trace

CONVERSATION = "6f1c3d58-0000-4000-8000-0000000000ac"
OTHER = "6f1c3d58-0000-4000-8000-0000000000ad"


def session(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def record(directory: Path, number: int, conversation: str = CONVERSATION, **changes: Any) -> str:
    """Write a recording whose audio and sidecar hold the marker of their conversation; return its stem."""
    stem = session(number)
    content = {
        "format": "audiohook-recording/1",
        "session_id": stem,
        "conversation_id": conversation,
        "tags": {"marker": f"MARK-{conversation}"},
        "started_at": "2026-01-02T03:00:00+00:00",
        "audio": {"rate": 8000, "samples": 1, "files": [{"name": f"{stem}.wav"}]},
        "state": "complete",
        **changes,
    }
    (directory / f"{stem}.wav").write_text(f"MARK-{conversation}")
    (directory / f"{stem}.json").write_text(json.dumps(content))
    return stem


def found(directory: Path, marker: str) -> list[str]:
    """Return the files that hold a marker, in their name or content."""
    return sorted(
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.is_file() and (marker in path.name or marker.encode() in path.read_bytes())
    )


def entries(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / LEDGER).read_text().splitlines()]


def test_nothing_of_it_is_left_and_all_else_is(tmp_path: Path) -> None:
    stem = record(tmp_path, 1)
    record(tmp_path, 2, CONVERSATION.upper())
    for name in (f"{stem}-external.flac", f"{stem}.opus.tmp", f"{stem}.json.tmp"):
        (tmp_path / name).write_text(f"MARK-{CONVERSATION}")
    torn = tmp_path / f"{session(3)}.json"
    torn.write_text((tmp_path / f"{stem}.json").read_text()[:230])
    torn.with_suffix(".wav").write_text(f"MARK-{CONVERSATION}")
    never = tmp_path / f"{session(4)}.json.tmp"
    never.write_text((tmp_path / f"{stem}.json").read_text())
    record(tmp_path, 5, OTHER, continued_sessions=[CONVERSATION])
    (tmp_path / "foreign.json").write_text(json.dumps({"conversation_id": "x"}))
    before = sum(path.stat().st_size for path in tmp_path.iterdir() if session(5) not in path.name)
    before -= (tmp_path / "foreign.json").stat().st_size
    kept = {f"{session(5)}.json", f"{session(5)}.wav", "foreign.json"}

    assert look(tmp_path, None, CONVERSATION) == Held(4, 10, 0, before)
    assert erase(tmp_path, None, CONVERSATION.upper()) == Removed(4, 10, 0, before)

    assert {path.name for path in tmp_path.iterdir()} == {*kept, LEDGER}
    assert found(tmp_path, f"MARK-{CONVERSATION}") == []
    assert found(tmp_path, CONVERSATION.upper()) == []
    (entry,) = entries(tmp_path)
    assert entry["conversations"] == [digest_of(CONVERSATION)]
    assert (entry["recordings"], entry["files"], entry["bytes"], entry["complete"]) == (4, 10, before, True)
    assert look(tmp_path, None, CONVERSATION) == Held(0, 0, 0, 0)
    assert erase(tmp_path, None, CONVERSATION) == Removed()
    assert check_ledger(tmp_path).lines == 2


@pytest.mark.parametrize(
    ("state", "said"),
    [("recording", "a call of it is being recorded"), ("complete", "a server still works")],
)
def test_what_a_process_works_on_is_refused_whole(tmp_path: Path, state: str, said: str) -> None:
    owner = Owner(tmp_path)
    owner.hold()
    record(tmp_path, 1)
    record(tmp_path, 2, state=state, owner=owner.token)
    before = {path.name for path in tmp_path.iterdir()}
    for refuses in (look, erase):
        with pytest.raises(EraseError, match=f"{said}.*nothing is erased; try again"):
            refuses(tmp_path, None, CONVERSATION)
    assert {path.name for path in tmp_path.iterdir()} - {LEDGER} == before
    assert check_ledger(tmp_path).lines == 0
    owner.release()
    assert erase(tmp_path, None, CONVERSATION).recordings == 2


def test_audio_of_a_damaged_sidecar_is_not_left_alone(tmp_path: Path) -> None:
    stem = record(tmp_path, 1)
    torn = tmp_path / "interview.json"  # renamed by somebody: which audio it is of, only its end would say
    torn.write_text((tmp_path / f"{stem}.json").read_text()[:230])
    torn.with_suffix(".wav").write_text(f"MARK-{CONVERSATION}")
    with pytest.raises(EraseError, match=r"whose these damaged files are, .*: mend .* interview\.json$"):
        erase(tmp_path, None, CONVERSATION)
    assert {path.name for path in tmp_path.iterdir()} == {"interview.json", "interview.wav", LEDGER}
    (entry,) = entries(tmp_path)
    assert (entry["files"], entry["complete"]) == (2, False)
    trace = read_trace(tmp_path, "interview.json")
    assert trace is not None
    assert trace.ended.year == 9999  # nor does its age delete one without the other


def test_no_directory_is_not_nothing_left(tmp_path: Path) -> None:
    for refuses in (look, erase):
        with pytest.raises(EraseError, match=r"no directory .* set plugins.recorder.directory"):
            refuses(tmp_path / "recordings", None, CONVERSATION)


def test_nothing_is_deleted_that_cannot_be_proved(tmp_path: Path) -> None:
    record(tmp_path, 1)
    (tmp_path / LEDGER).mkdir()
    with pytest.raises(OSError, match="directory"):
        erase(tmp_path, None, CONVERSATION)
    assert len(found(tmp_path, f"MARK-{CONVERSATION}")) == 2


def test_what_cannot_be_deleted_is_told_and_the_rest_goes(tmp_path: Path) -> None:
    stem = record(tmp_path, 1)
    (tmp_path / f"{stem}.wav").unlink()
    (tmp_path / f"{stem}.wav").mkdir()  # which cannot be unlinked, also by root
    record(tmp_path, 2)
    with pytest.raises(EraseError, match=rf"{stem}.wav: "):
        erase(tmp_path, None, CONVERSATION)
    assert found(tmp_path, f"MARK-{CONVERSATION}") == [f"{stem}.json"]
    (entry,) = entries(tmp_path)
    assert (entry["files"], entry["complete"]) == (2, False)
    (tmp_path / f"{stem}.wav").rmdir()
    assert erase(tmp_path, None, CONVERSATION).files == 1


def test_an_erasure_that_was_killed_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException): ...

    unlink, left = Path.unlink, [3]

    def kill(path: Path, missing_ok: bool = False) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        unlink(path, missing_ok=missing_ok)

    for number in (1, 2, 3):
        record(tmp_path, number)
    monkeypatch.setattr(Path, "unlink", kill)
    with pytest.raises(Killed):
        erase(tmp_path, None, CONVERSATION)
    monkeypatch.undo()
    left_over = found(tmp_path, f"MARK-{CONVERSATION}")
    assert len(left_over) == 3
    assert {Path(name).stem for name in left_over} == {Path(n).stem for n in left_over if n.endswith(".json")}
    assert erase(tmp_path, None, CONVERSATION).files == 3
    assert found(tmp_path, f"MARK-{CONVERSATION}") == []


def test_files_that_nobody_can_tell_whose_are_named(tmp_path: Path) -> None:
    record(tmp_path, 1)
    for number in range(10, 15):
        (tmp_path / f"{session(number)}.json").write_text("{")
    record(tmp_path, 2, OTHER)
    (tmp_path / f"{session(2)}.json.tmp").write_text("")  # of a recording that is known
    with pytest.raises(EraseError, match=r"damaged files are, .*json and 2 more$"):
        erase(tmp_path, None, CONVERSATION)
    assert found(tmp_path, f"MARK-{CONVERSATION}") == []
    (entry,) = entries(tmp_path)
    assert (entry["files"], entry["complete"]) == (2, False)
    for number in range(10, 15):
        (tmp_path / f"{session(number)}.json").unlink()
    erase(tmp_path, None, CONVERSATION)


def test_a_sidecar_that_comes_back_is_deleted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stem = record(tmp_path, 1)
    text = (tmp_path / f"{stem}.json").read_text()
    times = [1]
    sync = module.sync

    def write_anew(directory: Path) -> None:
        sync(directory)
        times[0] -= 1
        if times[0] >= 0:
            (tmp_path / f"{stem}.json").write_text(text)

    monkeypatch.setattr(module, "sync", write_anew)
    assert erase(tmp_path, None, CONVERSATION).files == 3
    assert found(tmp_path, f"MARK-{CONVERSATION}") == []
    record(tmp_path, 1)
    times[0] = 100
    with pytest.raises(EraseError, match="written anew by a server: try again"):
        erase(tmp_path, None, CONVERSATION)


def test_what_was_deleted_is_in_the_ledger_whatever_comes_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(directory: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    record(tmp_path, 1)
    monkeypatch.setattr(module, "sync", fail)
    with pytest.raises(EraseError, match="Input/output error; try again"):
        erase(tmp_path, None, CONVERSATION)
    (entry,) = entries(tmp_path)
    assert (entry["files"], entry["complete"]) == (2, False)


def test_a_full_ledger_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path, 1)

    def refuse(descriptor: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(OSError, match="No space"):
        erase(tmp_path, None, CONVERSATION)
