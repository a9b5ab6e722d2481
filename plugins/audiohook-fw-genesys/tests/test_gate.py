"""The budget of requests: so many in a minute, so many at once, and who goes first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from audiohook_fw_genesys.gate import WINDOW, Gate, Priority, Ticket


async def _pass(gate: Gate, ticket: Ticket, passed: list[Any], note: object, seconds: float = 0.0) -> None:
    async with gate.turn(ticket):
        passed.append((note, asyncio.get_running_loop().time()))
        await asyncio.sleep(seconds)


def test_no_more_than_the_budget_in_any_minute(virtual: Callable[..., Any]) -> None:
    async def run() -> list[float]:
        gate, passed = Gate(10, 100), list[Any]()
        tasks = []
        for _ in range(95):
            tasks.append(asyncio.create_task(_pass(gate, Ticket(Priority.WANTED), passed, "")))
            await asyncio.sleep(0.7)
        await asyncio.gather(*tasks)
        return [at for _, at in passed]

    times = virtual(run)
    assert len(times) == 95
    assert max(sum(start <= at < start + 60 for at in times) for start in times) == 10
    assert times[-1] < 10 * WINDOW  # and it is used


def test_no_more_than_so_many_at_once(virtual: Callable[..., Any]) -> None:
    async def run() -> list[Any]:
        gate, passed = Gate(100, 2), list[Any]()
        await asyncio.gather(*(_pass(gate, Ticket(Priority.WANTED), passed, n, 3.0) for n in range(5)))
        return passed

    assert virtual(run) == [(0, 0.0), (1, 0.0), (4, 3.0), (3, 3.0), (2, 6.0)]


@pytest.mark.parametrize(
    ("priority", "order"),
    [(Priority.WANTED, [0, 3, 2, 1]), (Priority.FIRST, [0, 3, 2, 1]), (Priority.REFRESH, [0, 1, 2, 3])],
)
def test_the_newest_go_first_but_for_further_looks(
    virtual: Callable[..., Any], priority: Priority, order: list[int]
) -> None:
    async def run() -> list[int]:
        gate, passed = Gate(100, 1), list[Any]()
        await asyncio.gather(*(_pass(gate, Ticket(priority), passed, n, 1.0) for n in range(4)))
        return [note for note, _ in passed]

    assert virtual(run) == order


def test_who_is_wanted_goes_first_and_others_leave_room(virtual: Callable[..., Any]) -> None:
    async def run() -> tuple[list[str], list[str]]:
        gate, passed = Gate(10, 100), list[Any]()
        asked = [Ticket(p) for p in (Priority.REFRESH, Priority.FIRST, Priority.WANTED) for _ in range(12)]
        for ticket in asked:
            asyncio.create_task(_pass(gate, ticket, passed, ticket.priority.name))  # noqa: RUF006
        await asyncio.sleep(1)
        first = sorted(note for note, _ in passed)
        assert gate.waiting == 26
        await asyncio.sleep(1_000)
        return first, [note for note, _ in passed[10:]]

    first, later = virtual(run)
    assert first == ["FIRST"] * 2 + ["REFRESH"] * 6 + ["WANTED"] * 2  # in order of arrival, within the shares
    assert later == ["WANTED"] * 10 + ["FIRST"] * 10 + ["REFRESH"] * 6


def test_one_that_waits_is_promoted(virtual: Callable[..., Any]) -> None:
    async def run() -> list[str]:
        gate, passed = Gate(100, 1), list[Any]()
        tickets = {name: Ticket(Priority.FIRST) for name in "abc"}
        tasks = [asyncio.create_task(_pass(gate, t, passed, name, 1.0)) for name, t in tickets.items()]
        await asyncio.sleep(0.5)
        gate.promote(tickets["b"], Priority.WANTED)
        await asyncio.gather(*tasks)
        return [note for note, _ in passed]

    assert virtual(run) == ["a", "b", "c"]


def test_who_gives_up_waiting_takes_no_place(virtual: Callable[..., Any]) -> None:
    async def run() -> list[str]:
        gate, passed = Gate(100, 1), list[Any]()
        tasks = [asyncio.create_task(_pass(gate, Ticket(Priority.FIRST), passed, n, 1.0)) for n in "abc"]
        await asyncio.sleep(0.5)
        tasks[1].cancel()
        tasks[0].cancel()  # lets `c` through, which is cancelled in that moment
        await asyncio.sleep(0)
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert gate.waiting == 0
        await _pass(gate, Ticket(Priority.FIRST), passed, "d")
        return [note for note, _ in passed]

    assert virtual(run) in (["a", "d"], ["a", "c", "d"])


def test_a_closed_gate_opens_by_itself(virtual: Callable[..., Any]) -> None:
    async def run() -> float:
        gate, passed = Gate(100, 1), list[Any]()
        gate.close_for(30)
        gate.close_for(10)  # does not open it earlier
        await _pass(gate, Ticket(Priority.WANTED), passed, "")
        return float(passed[0][1])

    assert virtual(run) == 30


def test_all_who_wait_are_sent_away(virtual: Callable[..., Any]) -> None:
    async def run() -> None:
        gate = Gate(1, 1)
        tasks = [asyncio.create_task(_pass(gate, Ticket(Priority.WANTED), [], "")) for _ in range(3)]
        await asyncio.sleep(1)
        gate.refuse(LookupError("down"))
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [str(result) for result in results] == ["None", "down", "down"]
        gate.stop()

    virtual(run)


@pytest.mark.parametrize("priority", list(Priority))
def test_even_the_smallest_budget_lets_everybody_through(
    virtual: Callable[..., Any], priority: Priority
) -> None:
    async def run() -> int:
        gate, passed = Gate(1, 1), list[Any]()
        for _ in range(3):
            await _pass(gate, Ticket(priority), passed, "")
        return len(passed)

    assert virtual(run) == 3
