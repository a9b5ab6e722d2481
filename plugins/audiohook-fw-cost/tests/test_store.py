"""The file of the meter: what is saved is there, whatever happens to the process."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_cost.figures import Figures, Leg
from audiohook_fw_cost.rows import CallRow
from audiohook_fw_cost.schema import SchemaError
from audiohook_fw_cost.store import SpentToday, Store

NewRow = Callable[..., CallRow]


def test_a_call_is_replaced_by_its_newer_figures(database: Path, kit: Any, new_row: NewRow) -> None:
    with Store(database) as store:
        store.save([new_row(legs={Leg("", "2026-01-31"): Figures(8000)}), new_row(id="b")])
        store.save(
            [new_row(legs={Leg("q", "2026-01-31"): Figures(16_000, 8000)}, ended_at="then", reason="end")]
        )
    assert kit.read(database, "SELECT id, ended_at, reason FROM calls ORDER BY id") == [
        ("a", "then", "end"),
        ("b", "", ""),
    ]
    legs = kit.read(
        database, "SELECT queue_id, queue_name, streamed, discarded, cost FROM legs WHERE call = 'a'"
    )
    assert legs == [("q", "Sales", 16_000, 8000, 50_000)]


def test_what_a_day_cost(database: Path, new_row: NewRow) -> None:
    minute = Figures(480_000)
    with Store(database) as store:
        assert store.spent("2026-01-31") == []
        legs = {Leg("q", "2026-01-31"): minute, Leg("", "2026-01-31"): minute, Leg("q", "2026-02-01"): minute}
        store.save([new_row(legs=legs), new_row(id="b", legs=legs, names={})])
        assert store.spent("2026-01-31") == [
            SpentToday("", "", 2_000_000),
            SpentToday("q", "Sales", 2_000_000),
        ]


def test_rows_are_saved_all_or_none(database: Path, kit: Any, new_row: NewRow) -> None:
    with Store(database) as store:
        with pytest.raises(UnicodeEncodeError):
            store.save([new_row(), new_row(id="b", key="\ud800")])
        assert kit.read(database, "SELECT * FROM calls") == []
        store.save([new_row()])


def test_old_days_are_forgotten(database: Path, kit: Any, new_row: NewRow) -> None:
    old, new = Leg("q", "2025-12-31"), Leg("q", "2026-01-01")
    with Store(database) as store:
        store.save(
            [new_row(legs={old: Figures(1)}), new_row(id="b", legs={old: Figures(1), new: Figures(2)})]
        )
        store.forget("2026-01-01")
    assert kit.read(database, "SELECT id FROM calls") == [("b",)]
    assert kit.read(database, "SELECT day, streamed FROM legs") == [("2026-01-01", 2)]


def test_only_the_owner_reads_it(database: Path, new_row: NewRow) -> None:
    with Store(database) as store:
        store.save([new_row()])
        files = sorted(database.parent.iterdir())
        assert [path.name.removeprefix(database.name) for path in files] == ["", "-shm", "-wal"]
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_what_the_owner_lets_others_read_stays_so(database: Path) -> None:
    Store(database).close()
    database.chmod(0o640)
    Store(database).close()
    assert database.stat().st_mode & 0o777 == 0o640


def test_a_file_that_was_removed_is_missed(database: Path) -> None:
    with Store(database) as store:
        assert store.is_in_place
        database.unlink()
        assert not store.is_in_place


@pytest.mark.parametrize("replaced", [True, False])
def test_a_file_that_was_moved_takes_along_all_that_was_saved(
    database: Path, kit: Any, new_row: NewRow, replaced: bool
) -> None:
    moved, other = database.with_name("moved.sqlite"), database.with_name("other.sqlite")
    with Store(other) as store:
        store.save([new_row(id="other")])
    with Store(database) as store:
        store.save([new_row()])
        database.rename(moved)
        if replaced:
            other.rename(database)
        assert not store.is_in_place
    with Store(database) as store:
        store.save([new_row(id="new")])
    assert kit.read(moved, "SELECT id FROM calls") == [("a",)]
    found = [("new",), ("other",)] if replaced else [("new",)]
    assert kit.read(database, "SELECT id FROM calls ORDER BY id") == found
    assert kit.read(database, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("content", [b"no database at all" * 100, None])
def test_what_is_no_database_is_refused(database: Path, content: bytes | None) -> None:
    if content is None:
        connection = sqlite3.connect(database)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
    else:
        database.write_bytes(content)
    with pytest.raises((sqlite3.DatabaseError, SchemaError)):
        Store(database)
    if content is not None:
        assert database.read_bytes() == content


CRASH = """
import os, signal, sys
from pathlib import Path
from audiohook_fw_cost.figures import Figures, Leg, Tariff
from audiohook_fw_cost.rows import CallFacts, CallRow, leg_rows
from audiohook_fw_cost.store import Store

facts = CallFacts("a", "s", "c", "o", "k", "now", 8000, "USD")
store = Store(Path(sys.argv[1]))
for number in range(1000):
    legs = {Leg("", "2026-01-31"): Figures(number)}
    store.save([CallRow(facts, leg_rows(legs, {}, Tariff(1, "USD"), 8000))])
    if number == 50:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_nothing_that_was_saved(database: Path, kit: Any) -> None:
    killed = subprocess.run([sys.executable, "-c", CRASH, str(database)], timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    with Store(database):
        assert kit.figures(database) == Figures(50)
    assert kit.read(database, "PRAGMA integrity_check") == [("ok",)]


def test_two_processes_may_use_one_file(database: Path, kit: Any, new_row: NewRow) -> None:
    with Store(database) as one, Store(database) as other:
        one.save([new_row()])
        other.save([new_row(id="b")])
    assert kit.read(database, "SELECT count(*) FROM calls") == [(2,)]
