"""Small files: replaced whole, claimed once."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from audiohook_fw_recorder.files import claim, overwrite, replace


def test_a_file_is_replaced_and_belongs_to_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for text in ("one", "tüö"):
        replace(path, text)
        assert path.read_text(encoding="utf-8") == text + "\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("links", [True, False])
def test_a_name_is_claimed_once(tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(source: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", link)
    path = tmp_path / "a.json"
    claim(path, "one")
    with pytest.raises(FileExistsError):
        claim(path, "two")
    assert path.read_text() == "one\n"
    assert list(tmp_path.iterdir()) == [path]


def test_to_ask_for_a_name_that_is_taken_does_not_disturb_who_replaces_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    claim(path, "one")
    rename = Path.replace

    def rename_late(self: Path, target: Path) -> None:
        with pytest.raises(FileExistsError):
            claim(path, "three")  # another call with the session id of one that is being finished
        rename(self, target)

    monkeypatch.setattr(Path, "replace", rename_late)
    replace(path, "two")
    assert path.read_text() == "two\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_was_claimed_when_its_server_was_killed_is_not_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    claim(path, "one")
    os.link(path, tmp_path / "a.json.tmp")  # the last thing that it did
    rename = Path.replace

    def rename_late(self: Path, target: Path) -> None:
        assert path.read_text() == "one\n"
        rename(self, target)

    monkeypatch.setattr(Path, "replace", rename_late)
    replace(path, "two")
    assert path.read_text() == "two\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_that_is_swept_away_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    rename, swept = Path.replace, []

    def rename_late(self: Path, target: Path) -> None:
        if not swept:
            swept.append(self)
            self.unlink()
        rename(self, target)

    monkeypatch.setattr(Path, "replace", rename_late)
    replace(path, "two")
    assert (path.read_text(), len(swept)) == ("two\n", 1)
    with pytest.raises(FileNotFoundError):
        replace(tmp_path / "none" / "a.json", "one")


@pytest.mark.parametrize("write", [replace, claim])
def test_nothing_is_left_of_a_file_that_cannot_be_written(
    tmp_path: Path, write: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / "a.json", "one")  # type: ignore[operator]
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_takes_what_fits_into_the_last_block(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    replace(path, "one")
    overwrite(path, "x" * 4095)
    assert path.read_text() == "x" * 4095 + "\n"
    with pytest.raises(OSError, match="No space"):
        overwrite(path, "y" * 4096)
    assert path.read_text() == "x" * 4095 + "\n"
    overwrite(path, "short")
    assert path.read_text() == "short\n"
