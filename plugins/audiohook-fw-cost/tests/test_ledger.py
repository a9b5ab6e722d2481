"""All calls of a process: saved while they run, over midnight, and with budgets that outlive a restart."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_cost import CostSettings
from audiohook_fw_cost.figures import Figures, Leg, Spent
from audiohook_fw_cost.ledger import AT_ONCE, Ledger
from audiohook_fw_cost.reasons import Reason
from audiohook_fw_cost.rows import CallRow
from audiohook_fw_cost.store import Store

from audiohook_fw.testing import CallDriver


class Wall:
    """Wall time that a test sets; it goes on with the call."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.driver: CallDriver | None = None

    def __call__(self) -> datetime:
        return self.start + timedelta(seconds=self.driver.time if self.driver else 0)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    """Half a minute before midnight in Berlin."""
    wall = Wall(datetime(2026, 1, 31, 22, 59, 30, tzinfo=UTC))
    make = Ledger.__init__

    def patched(self: Ledger, settings: Any) -> None:
        make(self, settings, now=wall)

    monkeypatch.setattr(Ledger, "__init__", patched)
    return wall


def test_a_call_that_runs_is_saved_now_and_then(new_call: Any, kit: Any, database: Path) -> None:
    call = new_call(save_seconds=5, price_per_minute=6)
    call.open()
    call.audio(seconds=4)
    call.pause()
    call.advance(2)
    call.plugin._ledger.writer.stop(30)
    assert kit.figures(database).connected == 5 * 8000  # the fifth second of it in the pause
    assert kit.read(database, "SELECT ended_at, reason, key FROM calls") == [("", "", "test")]
    call.resume()
    call.audio(seconds=4)
    call.close()
    call.shutdown()
    assert kit.figures(database).connected == 10 * 8000
    assert kit.read(database, "SELECT reason FROM calls") == [("end",)]
    assert kit.read(database, "SELECT cost, saved FROM legs") == [(800_000, 0)]


def test_a_day_ends_at_midnight_of_the_time_zone(new_call: Any, kit: Any, wall: Wall, database: Path) -> None:
    wall.driver = call = new_call(save_seconds=1, time_zone="Europe/Berlin")
    call.open()
    call.audio(seconds=60)
    call.close()
    call.shutdown()
    days = kit.read(database, "SELECT day, streamed / 8000.0 FROM legs ORDER BY day")
    assert [day for day, _ in days] == ["2026-01-31", "2026-02-01"]
    assert sum(seconds for _, seconds in days) == 60
    assert 29 <= days[0][1] <= 31


def test_what_is_too_old_is_forgotten(
    new_call: Any, kit: Any, wall: Wall, database: Path, new_row: Callable[..., CallRow]
) -> None:
    days = ["2026-01-28", "2026-01-29", "2026-01-30"]
    with Store(database) as store:
        store.save([new_row(id=day, legs={Leg("", day): Figures(1)}) for day in days])
    wall.driver = call = new_call(save_seconds=1, keep_days=2)
    call.open()
    call.audio(seconds=2)
    call.close()
    call.shutdown()
    found = [day for (day,) in kit.read(database, "SELECT DISTINCT day FROM legs ORDER BY day")]
    assert found == [*days[1:], "2026-01-31"]


def test_a_budget_begins_anew_at_midnight(new_call: Any, wall: Wall) -> None:
    settings = {"price_per_minute": 6, "budgets": {"*": 1}, "save_seconds": 1, "time_zone": "Europe/Berlin"}
    wall.driver = call = new_call(**settings)
    call.open()
    call.audio(seconds=9)
    assert not call.paused
    call.audio(seconds=3)
    assert call.paused
    call.advance(16)
    assert call.paused
    call.advance(5)
    assert not call.paused
    call.audio(seconds=9)
    assert not call.paused
    call.audio(seconds=3)
    assert call.paused


def test_a_budget_outlives_a_restart(new_call: Any, wall: Wall) -> None:
    settings = {"price_per_minute": 6, "budgets": {"*": 1}}
    call = new_call(**settings)
    call.open()
    call.audio(seconds=10)
    call.close()
    call.shutdown()
    again = new_call(**settings)
    again.open()
    assert again.paused


def test_the_first_call_of_a_day_finds_a_new_budget(new_call: Any, wall: Wall) -> None:
    call = new_call(price_per_minute=6, budgets={"*": 1})
    call.start()
    call.plugin._ledger.budgets.used_up = frozenset("*")  # as of yesterday's last call
    call.open()
    assert not call.paused


def test_the_timer_runs_only_while_there_are_calls(new_call: Any) -> None:
    call = new_call()
    call.open()
    assert call.plugin._ledger._timer is not None
    call.close()
    assert call.plugin._ledger._timer is None
    assert call.plugin._ledger.live == set()


def test_a_database_that_cannot_be_used_is_no_reason_not_to_start(
    new_call: Any, database: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audiohook_fw_cost.plugin.SHUTDOWN_SECONDS", 0.1)
    database.write_bytes(b"this is no database" * 1000)
    call = new_call(price_per_minute=1, budgets={"*": 1})
    call.open()
    call.audio(seconds=1)
    call.close()
    assert call.faults == ()
    assert call.plugin.check_health() is None  # for a minute
    call.plugin._ledger.writer._failing_since -= 61
    assert "cannot be saved to cost.sqlite" in call.plugin.check_health()
    assert "cannot be used" in caplog.text
    call.shutdown()
    assert "1 calls were not saved" in caplog.text


class Fake:
    """A live call of one second."""

    holding = (Reason.HOLD,)

    def __init__(self, row: CallRow) -> None:
        self._row = row
        self.days: list[str] = []

    def row(self) -> CallRow:
        return self._row

    def look(self, day: str) -> None:
        self.days.append(day)


async def test_a_round_takes_turns_and_counts_calls_once_that_end_in_it(
    new_row: Callable[..., CallRow], database: Path
) -> None:
    ledger = Ledger(CostSettings(database=database))
    saved: list[CallRow] = []
    ledger.writer.save = saved.extend  # type: ignore[method-assign]
    calls = [Fake(new_row(id=str(number))) for number in range(2 * AT_ONCE + 50)]
    for call in calls:
        ledger.add(call)
    ledger._look()
    assert len(saved) == AT_ONCE  # then others have a turn, and these calls end
    seen = {row.facts.id for row in saved}
    early = next(call for call in calls if call.row().facts.id in seen)
    late = next(call for call in calls if call.row().facts.id not in seen)
    for call in (early, late):
        ledger.finish(call, dataclasses.replace(call.row(), ended_at="now"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert ledger.totals.published["monitor"].seconds[Spent.STREAMED] == len(calls)
    assert ledger.holding == {Reason.HOLD: len(calls) - 2}
    last = {row.facts.id: row for row in saved}
    assert len(last) == len(calls)
    assert {call for call in calls if last[call.row().facts.id].ended_at} == {early, late}
    for call in tuple(ledger.live):
        ledger.finish(call, call.row())
    assert ledger.totals.published["monitor"].seconds[Spent.STREAMED] == len(calls)
    assert ledger._timer is None
