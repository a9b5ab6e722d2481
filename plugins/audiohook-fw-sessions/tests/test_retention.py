"""Sessions that are old enough go, with all that happened in them, and nothing else does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from audiohook_fw_sessions import database, retention
from audiohook_fw_sessions.address import read_url
from audiohook_fw_sessions.retention import Retention
from audiohook_fw_sessions.rows import new_id

from audiohook_fw.testing import CallDriver

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PARTS = ("tags", "pauses", "discards", "errors", "failures", "events")


@pytest.fixture
def aged(place: Any) -> Any:
    """Sessions of the last days, one each, the first one of now; with all that can happen in them."""
    writer = place.writer()
    for day in range(8):
        name, mine = new_id(NOW - timedelta(days=day)), f"00000000-0000-4000-8000-{day:012}"
        facts = {"revision": 1, "session_id": mine, "conversation_id": mine, "started_at": "x"}
        writer.put("sessions", {"id": name, "state": "open" if day % 2 else "ended", **facts})
        writer.put("recordings", {"id": f"r{day}", "session_id": mine, "url": f"file:///{day}.wav"})
        part = {"session": name, "number": 1, "revision": 1, "start": 0, "length": 1, "position": 0}
        flags = {"faults": 1, "dropped": 0, "refused": 0, "dropped_events": 0}
        more = {
            "tags": {"name": "team", "value": "a"},
            "discards": {"clamped": False},
            "errors": {"code": 400},
            "failures": {"plugin": "p", **flags, "failed": False, "quarantined": False},
            "events": {"type": "transcript", "text": f"spoken day{day}"},
        }
        for table in PARTS:
            writer.put(table, {**part, **more.get(table, {})})
    assert writer.stop(30) == 0
    assert writer.refused == 0
    return place


def count(place: Any, table: str) -> int:
    ((number,),) = place.sql(f"SELECT count(*) FROM {table}")
    return int(number)


def run(place: Any, days: int, now: datetime = NOW) -> int:
    return asyncio.run(Retention(read_url(place.url), days, clock=lambda: now).run_once(asyncio.Event()))


def test_what_is_older_goes_and_the_rest_stays(aged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention, "BREATH", 0.001)
    batches: list[int] = []
    delete = database.Database.delete_before

    async def noted(self: Any, oldest: str, limit: int) -> int:
        batches.append(await delete(self, oldest, limit))
        return batches[-1]

    monkeypatch.setattr(database.Database, "delete_before", noted)
    assert run(aged, 2) == 5  # that of two days ago is not older than two days
    assert batches == [2, 2, 1, 0]
    assert [count(aged, table) for table in ("sessions", *PARTS)] == [3] * 7
    assert count(aged, "recordings") == 8
    for day, found in ((2, 1), (3, 0)):
        assert len(aged.sessions(search=f"spoken day{day}")) == found
    assert run(aged, 2) == 0


def test_nothing_is_deleted_when_the_clock_jumps(aged: Any, caplog: pytest.LogCaptureFixture) -> None:
    times = iter([NOW, NOW + timedelta(days=365), NOW + timedelta(days=365, hours=1)])
    seconds = iter([0.0, 3600.0, 7200.0])
    kept = Retention(read_url(aged.url), 30, clock=lambda: next(times), passed=lambda: next(seconds))

    async def hours() -> list[int]:
        return [await kept.run_once(asyncio.Event()) for _ in range(3)]

    assert asyncio.run(hours()) == [0, 0, 8]
    assert "the clock has jumped" in caplog.text


def test_several_nodes_delete_at_once(aged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    monkeypatch.setattr(retention, "BREATH", 0.001)

    async def nodes() -> list[int]:
        one = [Retention(read_url(aged.url), 1, clock=lambda: NOW) for _ in range(4)]
        return await asyncio.gather(*(node.run_once(asyncio.Event()) for node in one))

    assert sum(asyncio.run(nodes())) == 6
    assert count(aged, "sessions") == 2


def test_a_database_that_is_gone_is_asked_again_later(
    tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    gone = read_url("postgresql://u:secret@127.0.0.1:1/x")
    assert asyncio.run(Retention(gone, 1).run_once(asyncio.Event())) == 0
    assert "old sessions are not deleted until the next hour: " in caplog.text
    assert "secret" not in caplog.text


def test_the_days_before_the_first_are_none(aged: Any) -> None:
    assert run(aged, 36_500, datetime(1, 2, 1, tzinfo=UTC)) == 0
    assert count(aged, "sessions") == 8


def test_a_server_deletes_what_is_old(
    aged: Any, new_call: Callable[..., CallDriver], kit: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    now = {"started_at": datetime.now(UTC)}
    call = new_call(now)
    call.open()
    call.shutdown()
    assert count(aged, "sessions") == 9
    call = new_call(now, retention_days=10)
    call.open()
    kit.until(lambda: count(aged, "sessions") == 2)  # the two calls of now
    call.shutdown()
    assert "8 sessions older than 10 days are deleted" in caplog.text
    assert count(aged, "recordings") == 8
