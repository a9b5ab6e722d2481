"""Every cell of the documented matrix in which the event loop goes on: it is run, and is as it says."""

from __future__ import annotations

from typing import Any

import pytest
from make_reference.isolation import CELLS, FAULTS, HOOKS, Bad

HERE = [place for place, cell in CELLS.items() if Bad.NAMED not in cell.bad]
"""The other cells are in `test_blocking`."""


def test_there_is_a_cell_for_every_fault_in_every_hook() -> None:
    assert set(CELLS) == {(fault, hook) for fault in FAULTS for hook in HOOKS}
    assert len(CELLS) == 48


@pytest.mark.parametrize(("fault", "hook"), HERE, ids=["-".join(place) for place in HERE])
async def test_cell(fault: str, hook: str, build: Any, credentials: Any) -> None:
    house = await build(fault, hook)
    await house.call(**credentials)
    cell = CELLS[fault, hook]
    assert house.bad() == set(cell.bad)
    assert house.healthy() == set(cell.healthy)
    assert house.answers() == set(cell.call)
