from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from audiohook_fw.protocol import client_diagram, server_diagram
from audiohook_fw.protocol.states import CLIENT_TABLE, SERVER_TABLE

ROLES = [(server_diagram, SERVER_TABLE), (client_diagram, CLIENT_TABLE)]


@pytest.mark.parametrize(("draw", "table"), ROLES)
def test_every_change_of_state_is_an_arrow(draw: Callable[[], str], table: Mapping[Any, Mapping[str, Any]]):
    head, start, *arrows = draw().splitlines()
    assert (head, start) == ("stateDiagram-v2", f"    [*] --> {next(iter(table))}")
    drawn = set()
    for arrow in arrows:
        match = re.fullmatch(r"    (\w+) --> (\w+): (.+)", arrow)
        assert match, arrow
        drawn |= {(match[1], match[2], label) for label in match[3].split(", ")}
    changes = {
        (str(state), str(target), input_.replace("< ", "receive ").replace("> ", "send "))
        for state, row in table.items()
        for input_, target in row.items()
        if target != state
    }
    assert drawn == changes


@pytest.mark.parametrize(("draw", "table"), ROLES)
def test_the_text_is_stable(draw: Callable[[], str], table: Mapping[Any, Mapping[str, Any]]):
    assert draw() == draw()
    assert draw().endswith("\n")
    assert "<" not in draw()
