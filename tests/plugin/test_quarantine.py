"""Quarantines of several calls within the window are one too many."""

from __future__ import annotations

from audiohook_fw.plugin.quarantine import QuarantineLedger


def test_so_many_calls_within_the_window() -> None:
    ledger = QuarantineLedger(3, 600)
    assert [ledger.add("p", now) for now in (0, 100, 600)] == [False, False, True]


def test_old_calls_are_forgotten() -> None:
    ledger = QuarantineLedger(3, 600)
    assert [ledger.add("p", now) for now in (0, 500, 601, 1000)] == [False, False, False, True]


def test_each_plugin_counts_for_itself() -> None:
    ledger = QuarantineLedger(2, 600)
    assert [ledger.add(p, 0) for p in ("p", "q", "p")] == [False, False, True]


def test_one_may_be_enough() -> None:
    assert QuarantineLedger(1, 1).add("p", 5)


def test_who_did_well_begins_anew() -> None:
    ledger = QuarantineLedger(2, 600)
    ledger.add("p", 0)
    ledger.clear("p")
    ledger.clear("q")
    assert [ledger.add("p", now) for now in (1, 2)] == [False, True]


def test_calls_that_ran_at_the_same_time_count_once() -> None:
    ledger = QuarantineLedger(3, 600)
    calls = [(10, 0), (11, 5), (12, 9), (40, 11), (41, 39), (70, 41)]  # when each failed, and began
    counted = [ledger.add("p", now, began=began) for now, began in calls]
    assert counted == [False, False, False, False, False, True]
