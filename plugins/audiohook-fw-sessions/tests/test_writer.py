"""Rows come into the database once and in order, whatever happens to it."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_sessions import writer as writer_module
from audiohook_fw_sessions.journal import Journal, pending_files
from audiohook_fw_sessions.rows import Row


def error_row(number: int, session: str = "s") -> dict[str, Any]:
    return {"session": session, "number": number, "at": "", "position": 0, "code": number, "message": "é"}


def session_row(name: str = "s", revision: int = 1, state: str = "open", **more: Any) -> dict[str, Any]:
    return {"id": name, "revision": revision, "state": state, "conversation_id": "c", **more}


def codes(place: Any) -> list[int]:
    return [code for (code,) in place.sql("SELECT code FROM errors ORDER BY number")]


@contextmanager
def outage(place: Any, request: pytest.FixtureRequest) -> Iterator[None]:
    """Lock the file, or have the server throw everybody out of the database."""
    if place.is_file:
        path = place.url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.execute("ROLLBACK")
        return
    server = request.getfixturevalue("postgres")
    name = place.url.partition("?")[0].rpartition("/")[2]
    server.psql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    server.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    yield
    server.psql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "LONGEST_RETRY", 0.5)
    monkeypatch.setattr("audiohook_fw_sessions.engines.BUSY_SECONDS", 0.2)


def test_rows_are_written_once_however_often_they_are_handed_in(place: Any) -> None:
    writer = place.writer()
    for _ in range(3):
        for number in range(50):
            writer.put("errors", error_row(number))
        writer.put("sessions", session_row(revision=2, state="ended"))
        writer.put("sessions", session_row(revision=1))
    assert writer.stop(30) == 0
    assert codes(place) == list(range(50))
    assert place.sql("SELECT revision, state FROM sessions") == [(2, "ended")]
    assert (writer.lost, writer.refused, writer.waiting) == (0, 0, 0)
    assert list(place.journal.iterdir()) == []


def test_what_is_older_changes_nothing(place: Any, kit: Any) -> None:
    writer = place.writer()
    writer.put("sessions", session_row(revision=2, state="ended"))
    kit.until(lambda: writer.written == 1)
    writer.put("sessions", session_row(revision=1))
    kit.until(lambda: writer.written == 2)
    assert writer.stop(30) == 0
    assert place.sql("SELECT revision, state FROM sessions") == [(2, "ended")]


def test_an_outage_loses_nothing(place: Any, kit: Any, request: pytest.FixtureRequest) -> None:
    writer = place.writer()
    writer.put("errors", error_row(0))
    kit.until(lambda: writer.written == 1)
    with outage(place, request):
        for number in range(1, 500):
            writer.put("errors", error_row(number))
            writer.put("sessions", session_row(revision=number, state=f"state {number}"))
            if number % 100 == 0:
                time.sleep(0.05)
        kit.until(lambda: "database" in writer._failing)
        kit.until(lambda: not writer.waiting)
        assert writer.backlog > 50_000
        assert writer.kept().result(30)
    kit.until(lambda: not writer.backlog)
    assert codes(place) == list(range(500))
    assert place.sql("SELECT revision, state FROM sessions") == [(499, "state 499")]
    assert writer.problem is None
    writer.stop(30)


def test_a_start_without_database_waits_for_it(place: Any, kit: Any, request: pytest.FixtureRequest) -> None:
    place.writer().stop(30)
    with outage(place, request):
        writer = place.writer()
        writer.put("errors", error_row(1))
        assert writer.stop(1) > 0
        assert len(pending_files(place.journal)) == 1
        heir = place.writer()
        heir.put("errors", error_row(2))
    kit.until(lambda: heir.written == 2)
    heir.stop(30)
    assert codes(place) == [1, 2]


def test_what_a_dead_process_left_is_replayed_and_its_calls_are_interrupted(place: Any) -> None:
    dead = Journal(place.journal, limit=10**6)
    rows = [("sessions", session_row(name, process=dead.token)) for name in "abc"]
    rows.append(("sessions", session_row("b", 2, "ended", process=dead.token)))
    dead.append([Row(table, values).to_line() for table, values in rows])
    dead.close()
    writer = place.writer()
    writer.put("sessions", session_row("d", process=writer.process))
    assert writer.stop(30) == 0
    assert place.sql("SELECT id, state FROM sessions ORDER BY id") == [
        ("a", "interrupted"),
        ("b", "ended"),
        ("c", "interrupted"),
        ("d", "interrupted"),  # the server ended before it did
    ]
    assert list(place.journal.iterdir()) == []


@pytest.mark.parametrize(
    "row",
    [
        Row("nothing", {"id": "a"}),
        Row("errors", {"session": "s"}),
        Row("errors", error_row(1) | {"code": "text"}),
        Row("errors", error_row(1) | {"code": 2**31}),
        Row("errors", error_row(1) | {"code": True}),
        Row("errors", error_row(1) | {"position": 2**63}),
        Row("errors", error_row(1) | {"message": {"a": 1}}),
        Row("errors", error_row(1) | {"message": "nul \0"}),
        Row("errors", error_row(1) | {"retry_after": "soon"}),
    ],
)
def test_nonsense_is_refused_alone(place: Any, row: Row) -> None:
    dead = Journal(place.journal, limit=10**6)
    good = [Row("errors", error_row(7)).to_line(), Row("errors", error_row(8)).to_line()]
    dead.append([good[0], b"no json\n", b'["errors"]\n', row.to_line(), good[1]])
    dead.close()
    writer = place.writer()
    assert writer.stop(30) == 0
    assert codes(place) == [7, 8]
    assert writer.refused == 3


def test_a_full_journal_keeps_what_came_first(file_place: Any, kit: Any, request: Any) -> None:
    file_place.writer().stop(30)
    writer = file_place.writer(journal_bytes=2_000)
    with outage(file_place, request):
        kit.until(lambda: not writer.waiting)
        for number in range(100):
            writer.put("errors", error_row(number))
        kit.until(lambda: writer.lost)
        assert sum(file.stat().st_size for file in pending_files(file_place.journal)) <= 2_000
        assert not (writer.put("errors", error_row(100)) and writer.kept().result(30))
        kit.until(lambda: "database" in writer._failing)
        assert f"{writer.lost} rows are lost" in str(writer.problem)
    kit.until(lambda: not writer.backlog)
    kept = codes(file_place)
    assert kept == list(range(len(kept)))
    assert len(kept) + writer.lost == 101
    writer.put("errors", error_row(200))
    assert writer.stop(30) == 0
    assert codes(file_place)[-1] == 200


def test_memory_is_bounded(file_place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "LIMIT", 10)
    writer = file_place.writer(delay=60)
    assert [writer.put("errors", error_row(n)) for n in range(12)] == [True] * 10 + [False] * 2
    assert writer.stop(30) == 0
    assert codes(file_place) == list(range(10))
    assert writer.lost == 2


def test_whoever_does_not_wait_any_more_is_no_harm(file_place: Any, kit: Any) -> None:
    writer = file_place.writer(delay=0.3)
    writer.put("errors", error_row(1))
    given_up, waits = writer.kept(), writer.kept()
    assert given_up.cancel()
    assert waits.result(30)
    writer.put("errors", error_row(2))
    assert writer.kept().result(30)
    assert writer.stop(30) == 0
    assert codes(file_place) == [1, 2]


def test_after_the_end_nothing_is_kept(file_place: Any) -> None:
    writer = file_place.writer(delay=60)
    waits = writer.kept()
    writer.stop(30)
    assert waits.done()
    writer.put("errors", error_row(1))
    assert writer.kept().result(30) is False


def test_a_recording_is_where_it_was_announced_last(place: Any) -> None:
    row = {"id": "r", "session_id": "s", "conversation_id": "c", "at": "1", "url": "here"}
    writer = place.writer()
    writer.put("recordings", row)
    assert writer.kept().result(30)
    writer.put("recordings", row | {"url": "there", "size": 3})
    writer.put("recordings", row | {"url": "there at last", "size": 4})
    assert writer.stop(30) == 0
    assert place.sql("SELECT id, url, size FROM recordings") == [("r", "there at last", 4)]


def test_without_a_journal_rows_go_straight_to_the_database(file_place: Any, kit: Any) -> None:
    file_place.journal.write_text("this is no directory")
    writer = file_place.writer()
    writer.put("errors", error_row(1))
    kit.until(lambda: codes(file_place) == [1])
    assert "journal" in writer._failing
    assert not writer.kept().result(30) or not writer.waiting
    file_place.journal.unlink()
    writer.put("errors", error_row(2))
    assert writer.stop(30) == 0
    assert codes(file_place) == [1, 2]


def test_a_file_that_was_removed_is_made_anew(file_place: Any, kit: Any, tmp_path: Path) -> None:
    writer = file_place.writer()
    writer.put("errors", error_row(1))
    kit.until(lambda: writer.written == 1)
    for name in ("sessions.sqlite", "sessions.sqlite-wal", "sessions.sqlite-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    writer.put("errors", error_row(2))
    assert writer.stop(30) == 0
    assert codes(file_place) == [2]
    shutil.rmtree(tmp_path)


def test_health_speaks_up_after_a_minute(
    file_place: Any, kit: Any, monkeypatch: pytest.MonkeyPatch, request: Any
) -> None:
    file_place.writer().stop(30)
    with outage(file_place, request):
        writer = file_place.writer()
        kit.until(lambda: "database" in writer._failing)
        assert writer.problem is None
        monkeypatch.setattr(writer_module, "COMPLAIN", 0)
        assert "the database cannot be used (database is locked)" in str(writer.problem)
    kit.until(lambda: writer.problem is None)
    writer.stop(30)


def test_the_file_is_for_its_owner_only(file_place: Any, tmp_path: Path) -> None:
    file_place.writer().stop(30)
    assert (tmp_path / "sessions.sqlite").stat().st_mode & 0o077 == 0
