"""Lines on their way: kept in order, bounded, inherited from the dead, never taken from the living."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from audiohook_fw_sessions.journal import Journal, pending_files


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def lines(*numbers: int) -> list[bytes]:
    return [b"line %06d\n" % number for number in numbers]


def drained(journal: Journal, size: int = 262_144) -> list[int]:
    found = []
    while (chunk := journal.read(size)) is not None:
        found += [int(line.split()[1]) for line in chunk.lines]
        journal.done(chunk)
    return found


def test_lines_come_out_as_they_went_in_and_leave_nothing(directory: Path) -> None:
    journal = Journal(directory, limit=10_000)
    assert journal.read() is None
    assert journal.append(lines(1, 2)) == 0
    assert journal.append(lines(3)) == 0
    assert journal.size == 36
    assert drained(journal) == [1, 2, 3]
    assert journal.size == 0
    journal.append(lines(4))
    assert drained(journal) == [4]
    journal.close()
    assert list(directory.iterdir()) == []


def test_what_is_read_but_not_done_is_read_again(directory: Path) -> None:
    journal = Journal(directory, limit=10_000)
    journal.append(lines(1))
    first = journal.read()
    assert first is not None
    journal.append(lines(2))
    journal.done(first)
    assert drained(journal) == [2]
    journal.append(lines(3))
    assert journal.read() == journal.read()


def test_files_are_many_and_chunks_small(directory: Path) -> None:
    journal = Journal(directory, limit=100_000, segment=100)
    for number in range(200):
        journal.append(lines(number))
    assert len(pending_files(directory)) > 10
    assert drained(journal, 64) == list(range(200))
    assert pending_files(directory) == []


def test_it_is_bounded(directory: Path) -> None:
    journal = Journal(directory, limit=30)
    assert journal.append(lines(1, 2, 3, 4)) == 2
    assert journal.append(lines(5)) == 1
    assert drained(journal) == [1, 2]
    assert journal.append(lines(6)) == 0
    assert drained(journal) == [6]


def test_the_dead_are_inherited_in_order_and_buried(directory: Path) -> None:
    dead = Journal(directory, limit=10_000, segment=20)
    for number in range(5):
        dead.append(lines(number))
    dead.close()  # as the system does for a killed process: the files stay, the lock does not
    heir = Journal(directory, limit=10_000)
    heir.append(lines(9))
    assert heir.heirs == ()
    assert heir.size == 72
    assert drained(heir) == [0, 1, 2, 3, 4, 9]
    assert heir.heirs == (dead.token,)
    heir.bury(dead.token)
    assert heir.heirs == ()
    heir.close()
    assert list(directory.iterdir()) == []


def test_the_living_are_left_alone(directory: Path) -> None:
    living = Journal(directory, limit=10_000)
    living.append(lines(1))
    other = Journal(directory, limit=10_000)
    assert other.size == 0
    assert drained(other) == []
    other.close()
    assert drained(living) == [1]


def test_a_torn_end_is_counted_and_the_rest_is_read(directory: Path) -> None:
    dead = Journal(directory, limit=10_000)
    dead.append(lines(1, 2))
    dead.close()
    (file,) = pending_files(directory)
    with file.open("ab") as end:
        end.write(b"half a li")
    heir = Journal(directory, limit=10_000)
    chunk = heir.read()
    assert chunk is not None
    assert (len(chunk.lines), chunk.torn) == (2, 9)
    heir.done(chunk)
    assert heir.read() is None
    assert pending_files(directory) == []


def test_a_full_disk_leaves_no_half_line(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(directory, limit=10_000)
    journal.append(lines(1))
    write = os.write
    calls = []

    def full(descriptor: int, data: bytes) -> int:
        calls.append(len(data))
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[:5])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            journal.append(lines(2))
    assert journal.append(lines(3)) == 0
    assert drained(journal) == [1, 3]


def test_a_directory_that_was_removed_is_no_end(directory: Path) -> None:
    journal = Journal(directory, limit=10_000)
    journal.append(lines(1))
    for file in directory.iterdir():
        file.unlink()
    assert journal.append(lines(2)) == 0
    assert drained(journal) == [2]


def test_files_are_for_their_owner_only(directory: Path) -> None:
    journal = Journal(directory, limit=10_000)
    journal.append(lines(1))
    assert directory.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in directory.iterdir())
    journal.close()
