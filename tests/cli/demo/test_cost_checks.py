"""The checks of the figures: all good as played, and a sample or a cent that is wrong is found."""

from __future__ import annotations

import dataclasses
import json

import pytest

from audiohook_fw.cli.demo.cost_checks import check_costs
from audiohook_fw.cli.demo.costs import read_meter


@pytest.fixture
def calls(chosen):
    """The meter's calls, by queue."""
    return {call.queue: call for call in read_meter(chosen.database)}


@pytest.fixture
def bad(chosen):
    """Return the texts of the checks that are not good."""
    reports = (chosen.wanted, chosen.unwanted)
    total = json.loads(chosen.choice.totals)["totals"]

    def check(calls, totals=None):
        return [c.text for c in check_costs(reports, calls, total if totals is None else totals) if c.problem]

    return check


def test_all_is_well(bad, calls):
    assert bad(list(calls.values())) == []


FIGURES = {
    "a sample more": ("Sales", {"streamed": 1}),
    "a sample less": ("Sales", {"streamed": -1}),
    "a pause one sample longer": ("Sales", {"server_paused": 1}),
    "a pause one sample shorter": ("Sales", {"server_paused": -1}),
    "a discard that never was": ("Sales", {"discarded": 1}),
    "a pause of the wrong one": ("Sales", {"server_paused": -1, "client_paused": 1}),
    "no media": ("Sales", {"without_media": 1}),
    "audio where none was": ("Works council", {"streamed": 1}),
    "a pause longer than the call": ("Works council", {"server_paused": 8_000_000}),
}


@pytest.mark.parametrize(("queue", "more"), FIGURES.values(), ids=FIGURES.keys())
def test_a_wrong_figure_is_found(bad, calls, queue, more):
    call = calls[queue]
    changes = {name: getattr(call, name) + samples for name, samples in more.items()}
    calls[queue] = dataclasses.replace(call, **changes)
    assert "it counted what was sent, lost and paused as the client did" in bad(list(calls.values()))


CALLS = {
    "another queue": {"queue": "Service"},
    "no queue": {"queue": ""},
    "not ended": {"ended": False},
    "another session": {"session": "x"},
}


@pytest.mark.parametrize("changes", CALLS.values(), ids=CALLS.keys())
def test_a_wrong_call_is_found(bad, calls, changes):
    calls["Sales"] = dataclasses.replace(calls["Sales"], **changes)
    assert any("these two calls" in text for text in bad(list(calls.values())))


def test_a_call_too_many_or_too_few_is_found(bad, calls):
    more = [*calls.values(), dataclasses.replace(calls["Sales"], session="stranger")]
    for wrong in (more, [calls["Sales"]], []):
        assert any("these two calls" in text for text in bad(wrong))


TOTALS = {
    "calls": 3,
    "unfinished": 1,
    "connected_seconds": 0.002,
    "streamed_seconds": 0.002,
    "server_paused_seconds": 0.002,
    "cost": "0.00001",
    "saved": "0.00001",
}


@pytest.mark.parametrize("name", TOTALS)
def test_a_wrong_total_is_found(bad, calls, chosen, name):
    (total,) = json.loads(chosen.choice.totals)["totals"]
    more = TOTALS[name]
    total[name] = f"{float(total[name]) + float(more):.6f}" if isinstance(more, str) else total[name] + more
    (found,) = bad(list(calls.values()), [total])
    assert "total is their sum" in found


@pytest.mark.parametrize("count", [0, 2])
def test_one_total_there_must_be(bad, calls, chosen, count):
    (found,) = bad(list(calls.values()), json.loads(chosen.choice.totals)["totals"] * count)
    assert "total is their sum" in found
