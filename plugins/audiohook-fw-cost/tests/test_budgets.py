"""What a day may cost, and when that is used up."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from audiohook_fw_cost.budgets import Budgets
from audiohook_fw_cost.figures import Figures, Leg
from audiohook_fw_cost.rows import CallRow
from audiohook_fw_cost.store import SpentToday

NewRow = Callable[..., CallRow]
DAY, NEXT = "2026-01-31", "2026-02-01"
MINUTE = Figures(480_000)  # costs 1


@pytest.fixture
def budgets() -> Budgets:
    return Budgets({"*": Decimal(5), "Sales": Decimal(2), "h": Decimal("0.5")})


def test_whether_somebody_has_to_find_out_queues(budgets: Budgets) -> None:
    assert budgets.by_queue
    assert not Budgets({"*": Decimal(5)}).by_queue
    assert not Budgets({})


def test_calls_that_run_and_calls_that_ended_count(budgets: Budgets, new_row: NewRow) -> None:
    row = new_row(legs={Leg("q", DAY): MINUTE})
    budgets.look(DAY, [row])
    assert not budgets.used_up
    budgets.finished(row)
    budgets.look(DAY, [row])
    assert budgets.used_up == {"sales"}
    budgets.look(DAY, [])
    assert budgets.used_up == set()


def test_who_falls_under_a_budget(budgets: Budgets, new_row: NewRow) -> None:
    budgets.look(DAY, [new_row(legs={Leg("q", DAY): MINUTE + MINUTE})])
    assert budgets.is_used_up("q", "Sales")
    assert budgets.is_used_up("another of that name", "sales")
    assert not budgets.is_used_up("q", "")
    assert not budgets.is_used_up("", "")
    budgets.look(DAY, [new_row(legs={Leg("H", DAY): MINUTE}, names={})])
    assert budgets.is_used_up("H", "Whatever")


def test_all_together(budgets: Budgets, new_row: NewRow) -> None:
    budgets.look(DAY, [new_row(legs={Leg(queue, DAY): MINUTE for queue in "abcde"}, names={})])
    assert budgets.used_up == {"*"}
    assert budgets.is_used_up("", "")


def test_another_day_is_another_budget(budgets: Budgets, new_row: NewRow) -> None:
    row = new_row(legs={Leg("q", DAY): MINUTE + MINUTE, Leg("q", NEXT): MINUTE})
    budgets.look(DAY, [row])
    assert budgets.used_up == {"sales"}
    budgets.finished(row)
    budgets.look(NEXT, [])
    assert budgets.used_up == set()
    budgets.look(NEXT, [row])
    assert budgets.used_up == {"sales"}  # one minute of each


def test_what_was_spent_before_the_server_started_counts(budgets: Budgets) -> None:
    budgets.start(DAY, [SpentToday("q", "Sales", 1_999_999), SpentToday("h", "", 500_000)])
    assert budgets.used_up == {"h"}


def test_a_budget_of_nothing_is_used_up_from_the_beginning() -> None:
    budgets = Budgets({"*": Decimal(0)})
    budgets.look(DAY, [])
    assert budgets.is_used_up("", "")
