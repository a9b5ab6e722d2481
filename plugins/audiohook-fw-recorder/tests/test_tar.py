"""Archives that grow: any `tar` reads them at any moment, and what a killed server leaves is mended."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest
from audiohook_fw_recorder import tar as tar_module
from audiohook_fw_recorder.tar import TarWriter, members, mend

CONTENT = {"a": b"first", "b": bytes(range(256)) * 5, "c": b"x" * 1024, "d": b""}
BLOCK = 512


def write(path: Path, content: dict[str, bytes] = CONTENT) -> Path:
    writer = TarWriter(path)
    for name, data in content.items():
        writer.append(name, data)
    writer.close()
    return path


def tar(path: Path, *arguments: str) -> bytes:
    """Run the stock tool, which has nothing to complain of."""
    done = subprocess.run(["tar", *arguments, "-f", path], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def names(path: Path) -> list[str]:
    with path.open("rb") as file:
        return [member.name for member in members(file)]


def test_the_stock_tool_reads_it_at_any_moment(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    writer = TarWriter(path)
    written = b""
    assert tar(path, "-t") == b""
    for name, content in CONTENT.items():
        writer.append(name, content)
        written += content
        assert tar(path, "-x", "-O") == written
    writer.close()
    assert tar(path, "-t").decode().split() == list(CONTENT) == names(path)
    assert path.stat().st_size % BLOCK == 0
    assert path.stat().st_mode & 0o777 == 0o600


def test_members_say_where_their_content_is(tmp_path: Path) -> None:
    with write(tmp_path / "a.tar").open("rb") as file:
        for member in list(members(file)):
            file.seek(member.offset)
            assert file.read(member.size) == CONTENT[member.name]


def test_somebody_elses_file_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        TarWriter(path)
    assert path.read_text() == "mine"


def test_a_last_member_that_was_cut_off_is_none_and_is_taken_away(tmp_path: Path) -> None:
    content = write(tmp_path / "whole.tar").read_bytes()
    with (tmp_path / "whole.tar").open("rb") as file:
        ends = {member.name: member.end for member in members(file)}
    path = tmp_path / "cut.tar"
    for size in [*range(0, len(content), 100), len(content) - 1, *ends.values()]:
        path.write_bytes(content[:size])
        whole = [name for name, end in ends.items() if end <= size]
        assert names(path) == whole
        assert [member.name for member in mend(path)] == whole
        assert tar(path, "-t").decode().split() == whole
        assert path.stat().st_size == max([0, *(ends[name] for name in whole)]) + 2 * BLOCK


def test_a_whole_archive_is_not_written_to(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tar")
    os.utime(path, (0, 0))
    assert [member.name for member in mend(path)] == list(CONTENT)
    assert path.stat().st_mtime == 0


@pytest.mark.parametrize("taken", [0, 100, 600, 1500])
def test_what_a_full_disk_took_of_a_member_is_taken_away(
    tmp_path: Path, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.tar"
    writer = TarWriter(path)
    writer.append("a", CONTENT["a"])
    write_at, left = os.pwrite, [taken]

    def full(fd: int, data: bytes, offset: int) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        part, left[0] = bytes(data)[: left[0]], 0
        return write_at(fd, part, offset)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        writer.append("b", CONTENT["b"])
    assert names(path) == ["a"]
    assert tar(path, "-t") == b"a\n"
    monkeypatch.undo()
    writer.append("b", CONTENT["b"])
    writer.close()
    assert tar(path, "-x", "-O") == CONTENT["a"] + CONTENT["b"]


def test_nothing_is_left_of_an_archive_that_cannot_be_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, data: bytes, offset: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        TarWriter(tmp_path / "a.tar")
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_was_taken_away_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tar_module, "_COPIED", 700)
    path = tmp_path / "a.tar"
    writer = TarWriter(path)
    writer.append("b", CONTENT["b"])
    assert writer.is_in_place()
    path.rename(tmp_path / "moved.tar")
    assert not writer.is_in_place()
    path.write_text("mine")
    assert not writer.is_in_place()
    with pytest.raises(FileExistsError):
        writer.restore()
    assert path.read_text() == "mine"
    path.unlink()
    writer.restore()
    assert writer.is_in_place()
    writer.append("c", CONTENT["c"])
    writer.close()
    assert tar(path, "-x", "-O") == CONTENT["b"] + CONTENT["c"]
    assert tar(tmp_path / "moved.tar", "-x", "-O") == CONTENT["b"]


def test_nothing_is_left_of_an_archive_that_cannot_be_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, data: bytes, offset: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a.tar"
    writer = TarWriter(path)
    writer.append("b", CONTENT["b"])
    path.unlink()
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        writer.restore()
    assert not path.exists()
    monkeypatch.undo()
    writer.restore()
    assert tar(path, "-x", "-O") == CONTENT["b"]


@pytest.mark.parametrize("place", [0, 1024])
def test_damage_in_between_is_told_and_left_as_it_is(tmp_path: Path, place: int) -> None:
    path = write(tmp_path / "a.tar")
    content = bytearray(path.read_bytes())
    content[place + 3] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"no member of an archive at byte {place}"):
        names(path)
    with pytest.raises(ValueError, match=f"no member of an archive at byte {place}"):
        mend(path)
    assert path.read_bytes() == content


def test_only_plain_files_are_members(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    subprocess.run(["tar", "-c", "-f", "a.tar", "link"], cwd=tmp_path, check=True)
    with pytest.raises(ValueError, match="no plain file in the archive at byte 0"):
        names(tmp_path / "a.tar")
