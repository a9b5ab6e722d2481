"""A conversation that is erased is nobody's any more; what it cost stays."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_cost import Cost
from audiohook_fw_cost.erasing import erase
from audiohook_fw_cost.rows import CallRow
from audiohook_fw_cost.schema import MIGRATIONS, migrate
from audiohook_fw_cost.store import Store

from audiohook_fw import PluginError

NewRow = Callable[..., CallRow]
NewCall = Callable[..., Any]
GONE, STAYS = "6f1c3d58-0000-4000-8000-00000000dead", "6f1c3d58-0000-4000-8000-00000000beef"
SESSION = "0a1b2c3d-session-marker"
CALLS = "SELECT id, session_id, conversation_id, started_at, ended_at FROM calls ORDER BY id"


def rows(new_row: NewRow, conversation: str = GONE) -> list[CallRow]:
    ended = "2026-01-31T10:05:00.000+00:00"
    return [
        new_row(id="a", session_id=SESSION, conversation_id=conversation),
        new_row(
            id="b", session_id=SESSION, conversation_id=conversation.upper(), ended_at=ended, reason="end"
        ),
        new_row(id="c", conversation_id=STAYS),
    ]


def forget(database: Path, conversation: str = GONE) -> int:
    return asyncio.run(Cost(Cost.Settings(database=database)).on_erase(conversation))


def bytes_of(database: Path) -> bytes:
    return b"".join(file.read_bytes() for file in database.parent.iterdir())


def test_it_is_nowhere_and_its_cost_stays(database: Path, kit: Any, new_row: NewRow) -> None:
    with Store(database) as store:
        store.save(rows(new_row))
        before = store.spent("2026-01-31")
    assert GONE.encode() in bytes_of(database).lower()
    assert forget(database) == 2
    assert kit.read(database, CALLS) == [
        ("a", "", "", "2026-01-31", ""),
        ("b", "", "", "2026-01-31", "2026-01-31"),
        ("c", "s", STAYS, "2026-01-31T10:00:00.000+00:00", ""),
    ]
    with Store(database) as store:
        assert store.spent("2026-01-31") == before
    assert GONE.encode() not in bytes_of(database).lower()
    assert SESSION.encode() not in bytes_of(database)
    assert forget(database) == 0


def test_what_a_running_server_saves_later_does_not_bring_it_back(
    database: Path, kit: Any, new_row: NewRow
) -> None:
    with Store(database) as running:
        running.save(rows(new_row)[:1])
        assert forget(database) == 1
        running.save(rows(new_row))
        assert [row[1:3] for row in kit.read(database, CALLS)] == [("", ""), ("", ""), ("s", STAYS)]
    assert GONE.encode() not in bytes_of(database).lower()


def test_a_call_is_erased_while_it_runs(database: Path, kit: Any, new_call: NewCall) -> None:
    call = new_call({"conversation_id": GONE}, price_per_minute=1)
    call.open()
    assert forget(database) == 0  # not saved yet
    call.close()
    call.shutdown()
    ((_, session, conversation, started, ended),) = kit.read(database, CALLS)
    assert (session, conversation, len(started), len(ended)) == ("", "", 10, 10)


def test_erasures_are_forgotten_with_the_calls(database: Path, kit: Any, new_row: NewRow) -> None:
    with Store(database) as store:
        store.erase(GONE, "2026-01-31")
        store.forget("2026-01-31")
        assert kit.read(database, "SELECT count(*) FROM erased") == [(1,)]
        store.forget("2026-02-01")
        assert kit.read(database, "SELECT count(*) FROM erased") == [(0,)]


def test_a_file_of_the_version_before(database: Path, kit: Any) -> None:
    file = sqlite3.connect(database, isolation_level=None)
    migrate(file, MIGRATIONS[:1])
    file.execute(f"INSERT INTO calls VALUES ('a', 's', '{GONE}', 'o', 'k', '2026-01-31T10', '', '', 8000)")
    file.close()
    assert forget(database) == 1


def test_where_nothing_is_nothing_is_made(database: Path) -> None:
    assert forget(database) == 0
    assert not database.exists()


def test_a_file_that_cannot_be_used_is_told(database: Path) -> None:
    database.write_text("no database, but longer than nothing " * 30, encoding="utf-8")
    with pytest.raises(PluginError, match=r"cost.sqlite cannot be used .* erase it again"):
        forget(database)


def test_a_reader_may_still_see_it(database: Path, new_row: NewRow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audiohook_fw_cost.store.BUSY_SECONDS", 0.05)
    with Store(database) as store:
        store.save(rows(new_row))
    reader = sqlite3.connect(database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM calls").fetchall()
    with pytest.raises(PluginError, match="others read the file"):
        erase(database, GONE)
    reader.execute("COMMIT")
    reader.close()
    assert erase(database, GONE) == 0  # it was nobody's already; now its bytes are gone, too
    assert GONE.encode() not in bytes_of(database).lower()
