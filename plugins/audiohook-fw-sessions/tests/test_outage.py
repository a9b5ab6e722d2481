"""Ten minutes without a database: locked by another process, or with its server stopped.

They are shortened. The writer knows of time only how long it waits between two tries (`RETRY` to
`LONGEST_RETRY`) and, for a file, how long one try waits for the lock (`BUSY_SECONDS`): all are a 60th here.
An outage then lasts for as many tries as fit into ten minutes, and as many rows come as 100 calls write in
them, one each 4 s. So what piles up, what is held in memory, and how often is tried in vain are those of
ten minutes.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_sessions import engines
from audiohook_fw_sessions import writer as writer_module
from audiohook_fw_sessions.database import Database
from audiohook_fw_sessions.journal import pending_files
from audiohook_fw_sessions.writer import Writer

Outage = Callable[[], AbstractContextManager[None]]

SHORTENED = 60
MINUTES = 10
ROWS = 25 * 60
"""In a minute, of 100 calls."""
LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, kit: Any) -> Any:
    if request.param == "postgresql":
        return kit.Place(str(request.getfixturevalue("own_postgres").get_uri()), tmp_path)
    return kit.Place(f"sqlite:///{tmp_path / 'sessions.sqlite'}", tmp_path)


@pytest.fixture
def outage(place: Any, request: pytest.FixtureRequest) -> Outage:
    @contextmanager
    def locked() -> Iterator[None]:
        command = [sys.executable, "-c", LOCK, place.url.removeprefix("sqlite:///")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"locked\n"
            yield
            process.communicate()
        assert process.returncode == 0

    @contextmanager
    def stopped() -> Iterator[None]:
        server = request.getfixturevalue("own_postgres")
        server.stop()
        yield
        server.start()

    return locked if place.is_file else stopped


class Tries:
    """Counts how often the database was asked in vain."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failed = 0
        real = Database.open

        async def opened(database: Database) -> None:
            try:
                await real(database)
            except Exception:
                self.failed += 1
                raise

        monkeypatch.setattr(Database, "open", opened)


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> Tries:
    monkeypatch.setattr(writer_module, "RETRY", writer_module.RETRY / SHORTENED)
    monkeypatch.setattr(writer_module, "LONGEST_RETRY", writer_module.LONGEST_RETRY / SHORTENED)
    monkeypatch.setattr(engines, "BUSY_SECONDS", engines.BUSY_SECONDS / SHORTENED)
    return Tries(monkeypatch)


def event_row(number: int) -> dict[str, Any]:
    values = {"session": "s", "number": number, "at": "", "type": "transcript", "channel": "external"}
    return {**values, "text": f"utterance {number}", "body": "{}"}


def put(writer: Writer, numbers: range) -> None:
    for number in numbers:
        assert writer.put("events", event_row(number))
        if number % 100 == 0:
            writer.put("sessions", {"id": "s", "revision": number, "state": f"state {number}"})


def inserted(place: Any) -> list[int]:
    """Return the numbers of the events, in the order in which they came into the table."""
    return [number for (number,) in place.sql("SELECT number FROM events ORDER BY id")]


@pytest.mark.timeout(600)
def test_ten_minutes_without_the_database_lose_nothing(
    place: Any, outage: Outage, tries: Tries, kit: Any
) -> None:
    wait = 15 if not place.is_file else 15 + 5
    in_vain = MINUTES * 60 // wait
    writer = place.writer()
    put(writer, range(1))
    kit.until(lambda: writer.written == 2)
    with outage():
        for minute in range(MINUTES):
            put(writer, range(1 + minute * ROWS, 1 + (minute + 1) * ROWS))
            kit.until(lambda: tries.failed >= in_vain * (minute + 1) / MINUTES, 200)  # noqa: B023
            kit.until(lambda: not writer.waiting)  # all are in files: none is in memory
        assert writer.kept().result(60)
        assert writer.written == 2
        size = sum(path.stat().st_size for path in pending_files(place.journal))
        assert size == writer.backlog > MINUTES * ROWS * 100
    kit.until(lambda: not writer.backlog, 200)
    assert inserted(place) == list(range(1 + MINUTES * ROWS))
    last = MINUTES * ROWS
    assert place.sql("SELECT revision, state FROM sessions") == [(last, f"state {last}")]
    assert (writer.lost, writer.refused, writer.problem) == (0, 0, None)
    assert writer.stop(60) == 0
    assert list(place.journal.iterdir()) == []


@pytest.mark.timeout(600)
def test_beyond_its_bound_the_journal_drops_what_comes_and_counts_it(
    place: Any, outage: Outage, tries: Tries, kit: Any
) -> None:
    bound, too_long = 2**20, {"id": "r", "url": "x" * 2000}
    writer = place.writer(journal_bytes=bound)
    put(writer, range(1))
    kit.until(lambda: writer.written == 2)
    with outage():
        for minute in range(MINUTES):
            put(writer, range(1 + minute * ROWS, 1 + (minute + 1) * ROWS))
            kit.until(lambda: not writer.waiting)
            assert sum(path.stat().st_size for path in pending_files(place.journal)) <= bound
        assert not (writer.put("recordings", too_long) and writer.kept().result(60))  # it is told again
        kit.until(lambda: tries.failed)
        lost = writer.lost
        assert lost > 0
        assert f"{lost} rows are lost" in str(writer.problem)
    kit.until(lambda: not writer.backlog, 200)
    kept = inserted(place)
    assert kept == list(range(len(kept))), "what came first is kept, without a hole"
    put_in_all = 1 + MINUTES * ROWS + 1 + MINUTES * ROWS // 100 + 1
    assert writer.written + writer.lost == put_in_all
    assert writer.lost == lost
    assert writer.put("recordings", {"id": "r", "session_id": "s", "conversation_id": "c"})
    assert writer.kept().result(60)
    assert writer.stop(60) == 0
    assert place.sql("SELECT id FROM recordings") == [("r",)]
