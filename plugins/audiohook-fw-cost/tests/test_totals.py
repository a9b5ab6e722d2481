"""Totals by key: counters that never fall, and never grow without bound."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from audiohook_fw_cost.figures import Figures, Leg, Spent, Tariff
from audiohook_fw_cost.rows import CallRow
from audiohook_fw_cost.totals import KEYS, OTHER, Totals

NewRow = Callable[..., CallRow]


def test_calls_that_run_and_calls_that_ended_are_added_up(new_row: NewRow) -> None:
    totals, legs = Totals(), {Leg("", "d"): Figures(streamed=240_000, server_paused=120_000)}
    row = new_row(legs=legs, tariff=Tariff(600_000, "EUR"))
    totals.finished(row)
    totals.publish([row, new_row(key="b")])
    assert totals.published.keys() == {"monitor", "b"}
    monitor = totals.published["monitor"]
    assert (monitor.seconds[Spent.STREAMED], monitor.seconds[Spent.SERVER_PAUSED]) == (60.0, 30.0)
    assert (monitor.cost, monitor.saved) == pytest.approx((0.6, 0.3))


def test_they_never_fall(new_row: NewRow) -> None:
    totals = Totals()
    totals.publish([new_row(legs={Leg("", "d"): Figures(server_paused=16_000)})])
    before = totals.published
    totals.publish(
        [new_row(legs={Leg("", "d"): Figures(server_paused=8_000)})]
    )  # the wire says less than the clock
    assert totals.published["monitor"].seconds[Spent.SERVER_PAUSED] == 2.0
    assert totals.published is not before


def test_keys_are_bounded(new_row: NewRow) -> None:
    totals = Totals()
    for number in range(2 * KEYS):
        totals.finished(new_row(key=str(number)))
    totals.publish([])
    assert len(totals.published) == KEYS + 1
    assert totals.published[OTHER].seconds[Spent.STREAMED] == KEYS
