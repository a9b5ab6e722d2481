"""The writer's thread: a disk that refuses costs no call anything, and no memory without bound."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_cost import store as store_module
from audiohook_fw_cost import writer as writer_module
from audiohook_fw_cost.figures import Figures, Leg
from audiohook_fw_cost.rows import CallRow
from audiohook_fw_cost.store import Store
from audiohook_fw_cost.writer import COMPLAIN, LIMIT, Writer

NewRow = Callable[..., CallRow]
PATIENCE = 30.0


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(database: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    monkeypatch.setattr(writer_module, "RETRY", 0.02)
    monkeypatch.setattr(writer_module, "LONGEST_RETRY", 0.05)
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.05)
    writer = Writer(database, clock=clock)
    yield writer
    writer.stop(PATIENCE)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def saved(kit: Any, path: Path) -> int:
    return int(kit.read(path, "SELECT count(*) FROM calls")[0][0])


def test_rows_are_written_and_the_thread_ends(
    writer: Writer, kit: Any, database: Path, new_row: NewRow
) -> None:
    writer.save([new_row(), new_row(id="b")])
    writer.save([new_row(legs={Leg("", "d"): Figures(77)})])
    assert writer.stop(PATIENCE)
    assert (saved(kit, database), writer.waiting, writer.problem) == (2, 0, None)
    writer.save([new_row(id="c")])  # a call that ended late begins a new thread
    assert writer.stop(PATIENCE)
    assert saved(kit, database) == 3


def test_stop_without_anything_to_do(writer: Writer, database: Path) -> None:
    assert writer.stop(0)
    assert not database.exists()


def test_a_locked_file_is_waited_for(
    writer: Writer, clock: Clock, kit: Any, database: Path, new_row: NewRow, caplog: pytest.LogCaptureFixture
) -> None:
    Store(database).close()
    writer.save([new_row()])
    until(lambda: saved(kit, database) == 1)
    with closing(sqlite3.connect(database, isolation_level=None)) as lock:
        lock.execute("BEGIN IMMEDIATE")
        writer.save([new_row(id="b")])
        until(lambda: "locked" in caplog.text)
        assert writer.problem is None  # not yet worth a call
        clock.now += COMPLAIN
        assert writer.problem is not None
        assert "cannot be saved to cost.sqlite (database is locked)" in writer.problem
        lock.execute("ROLLBACK")
    until(lambda: saved(kit, database) == 2)
    until(lambda: writer.problem is None)
    assert caplog.text.count("cannot be used") == 1


def test_a_directory_that_is_missing_is_made(
    writer: Writer, kit: Any, database: Path, new_row: NewRow
) -> None:
    writer._path = database = database.parent / "not" / "there" / "cost.sqlite"
    writer.save([new_row()])
    until(lambda: database.exists() and not writer.waiting)
    shutil.rmtree(database.parent)
    writer.save([new_row(id="b")])
    assert writer.stop(PATIENCE)
    assert kit.read(database, "SELECT id FROM calls WHERE id = 'b'") == [("b",)]


def test_a_file_that_is_replaced_loses_nothing(
    writer: Writer, kit: Any, database: Path, new_row: NewRow, caplog: pytest.LogCaptureFixture
) -> None:
    moved, other = database.with_name("moved.sqlite"), database.with_name("other.sqlite")
    with Store(other) as store:
        store.save([new_row(id="other")])
    Store(database).close()
    writer.save([new_row()])
    until(lambda: saved(kit, database) == 1)
    database.rename(moved)
    other.rename(database)
    writer.save([new_row(id="b")])
    assert writer.stop(PATIENCE)
    assert kit.read(moved, "SELECT id FROM calls") == [("a",)]
    assert kit.read(database, "SELECT id FROM calls ORDER BY id") == [("b",), ("other",)]
    assert f"{database} was moved, removed or replaced" in caplog.text
    assert "cannot be used" not in caplog.text


def test_the_log_tells_how_many_calls_wait_and_when_they_do_no_more(
    writer: Writer, database: Path, new_row: NewRow, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    database.mkdir()  # so it cannot be opened
    writer.save([new_row(), new_row(id="b")])
    until(lambda: "cannot be used" in caplog.text)
    assert "2 calls wait in memory" in caplog.text
    assert "can be used again" not in caplog.text
    database.rmdir()
    until(lambda: writer.problem is None and not writer.waiting)
    writer.save([new_row(id="c")])
    assert writer.stop(PATIENCE)
    assert caplog.text.count(f"{database} can be used again") == 1


def test_a_disk_that_stays_away_costs_a_bounded_memory(
    writer: Writer, clock: Clock, database: Path, kit: Any, new_row: NewRow
) -> None:
    database.mkdir()  # so it cannot be opened
    row = new_row()
    for start in range(0, LIMIT + 1000, 500):
        writer.save([_numbered(row, number) for number in range(start, start + 500)])
    until(lambda: writer.waiting == LIMIT)
    clock.now += 1
    assert "lost" in (writer.problem or "")
    assert writer.lost >= 1000
    database.rmdir()
    until(lambda: writer.problem is None)
    until(lambda: writer.waiting == 0)
    assert writer.stop(PATIENCE)
    assert saved(kit, database) == LIMIT
    newest = kit.read(database, "SELECT max(CAST(id AS INTEGER)) FROM calls")
    assert newest == [(LIMIT + 999,)]


def _numbered(row: CallRow, number: int) -> CallRow:
    return replace(row, facts=replace(row.facts, id=str(number)))


def test_the_newest_row_of_a_call_wins_also_when_an_older_one_comes_back(
    writer: Writer, database: Path, kit: Any, new_row: NewRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Path] = []

    def store(path: Path) -> Store:
        tries.append(path)
        if len(tries) == 1:  # a newer row comes while an older one is being refused
            writer.save([new_row({Leg("", "d"): Figures(2)})])
            raise OSError("planted")
        return Store(path)

    monkeypatch.setattr(writer_module, "Store", store)
    writer.save([new_row({Leg("", "d"): Figures(1)})])
    until(lambda: len(tries) > 1)
    assert writer.stop(PATIENCE)
    assert kit.figures(database) == Figures(2)


def test_a_row_that_cannot_be_saved_does_not_stop_the_others(
    writer: Writer, database: Path, kit: Any, new_row: NewRow, caplog: pytest.LogCaptureFixture
) -> None:
    writer.save([new_row(key="\ud800")])
    until(lambda: writer.lost == 1)
    writer.save([new_row(id="b")])
    assert writer.stop(PATIENCE)
    assert saved(kit, database) == 1
    assert "cannot be saved" in caplog.text


def test_a_system_without_threads_is_asked_again(
    writer: Writer, database: Path, kit: Any, new_row: NewRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", start)
        writer.save([new_row()])
    assert writer.waiting == 1
    writer.save([new_row(id="b")])
    assert writer.stop(PATIENCE)
    assert saved(kit, database) == 2
