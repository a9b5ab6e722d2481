"""Files that are whole or not there, for their owner only; and what erasing finds."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_transcripts import files
from audiohook_fw_transcripts.files import Erased, erase, prepare, save
from audiohook_fw_transcripts.formats import FORMATS

STEM = "30b0e395-84d3-4570-ac13-9a62d8f514c0.transcript"
CONVERSATION = "e160e428-53e2-487c-977d-96989bf5c99d"
OTHER = "11111111-2222-4333-8444-555555555555"


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_there_is_one_file_for_each_format_for_its_owner_only(
    tmp_path: Path, snapshot: Any, say: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = os.umask(0)
    try:
        prepare(tmp_path / "new" / "place")
        save(snapshot(say("hello")), tmp_path / "new" / "place", FORMATS)
    finally:
        os.umask(old)
    place = tmp_path / "new" / "place"
    assert names(place) == [f"{STEM}.json", f"{STEM}.txt", f"{STEM}.vtt"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.iterdir()} == {0o600}
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_a_later_version_takes_the_place_of_an_earlier_one(tmp_path: Path, snapshot: Any, say: Any) -> None:
    save(snapshot(say("one"), state="running"), tmp_path, ["txt"])
    (tmp_path / f"{STEM}.txt.part").write_text("left by a killed server")
    save(snapshot(say("one"), say("two", 1)), tmp_path, ["txt"])
    assert names(tmp_path) == [f"{STEM}.txt"]
    assert (tmp_path / f"{STEM}.txt").read_text().endswith("one\n0:00:01.0 external: two\n")


def test_a_disk_that_refuses_leaves_the_earlier_version_whole(
    tmp_path: Path, snapshot: Any, say: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(snapshot(say("one")), tmp_path, ["txt"])
    before = (tmp_path / f"{STEM}.txt").read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(snapshot(say("two")), tmp_path, ["txt"])
    assert names(tmp_path) == [f"{STEM}.txt"]
    assert (tmp_path / f"{STEM}.txt").read_bytes() == before


def test_what_is_no_unicode_stops_no_file(tmp_path: Path, snapshot: Any, say: Any) -> None:
    save(snapshot(say("half \ud800")), tmp_path, FORMATS)
    assert (tmp_path / f"{STEM}.txt").read_text().endswith("external: half\n")


def test_a_directory_that_takes_no_files_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError):
        prepare(tmp_path / "file")
    prepare(tmp_path)
    assert names(tmp_path) == ["file"]


def test_erasing_takes_all_files_of_a_conversation_and_no_other(
    tmp_path: Path, snapshot: Any, say: Any
) -> None:
    save(snapshot(say("one")), tmp_path, FORMATS)
    save(snapshot(say("of a retry"), session_id=OTHER), tmp_path, FORMATS)
    third = "99999999-2222-4333-8444-555555555555"
    heard = say(f"conversation {CONVERSATION}\n" + "x" * 5_000)
    save(snapshot(heard, session_id=third, conversation_id=OTHER), tmp_path, ["vtt"])
    (tmp_path / f"{STEM}.txt.part").write_text(f"conversation {CONVERSATION}")
    (tmp_path / "notes.txt").write_text(f"conversation {CONVERSATION}")
    assert erase(tmp_path, CONVERSATION) == Erased(7, running=False)
    assert names(tmp_path) == [f"{third}.transcript.vtt", "notes.txt"]
    assert erase(tmp_path, CONVERSATION) == Erased(0, running=False)


@pytest.mark.parametrize("format_", FORMATS)
def test_erasing_tells_of_calls_that_may_run(format_: Any, tmp_path: Path, snapshot: Any, say: Any) -> None:
    save(snapshot(say("one"), state="running"), tmp_path, [format_])
    assert erase(tmp_path, CONVERSATION) == Erased(1, running=True)
    assert names(tmp_path) == []


def test_erasing_where_nothing_was_ever_written(tmp_path: Path) -> None:
    assert erase(tmp_path / "nowhere", CONVERSATION) == Erased(0, running=False)
