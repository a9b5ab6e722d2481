"""`audiohook_fw.replay` is documented as the rest of the public API is: every name and member."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from make_reference import replay as maker
from make_reference.source import first_line

from audiohook_fw import replay

PAGE = maker.page()


@pytest.mark.parametrize("name", replay.__all__)
def test_name_has_its_entry(name: str) -> None:
    assert PAGE.count(f"\n### `{name}`\n") == 1
    assert f"](#{name.lower()}) | " in PAGE
    public = getattr(replay, name)
    entry = PAGE.partition(f"\n### `{name}`\n")[2].partition("\n### ")[0]
    if inspect.isclass(public):
        assert first_line(inspect.getdoc(public) or "") in entry
    if is_dataclass(public):
        assert [field.name for field in fields(public) if f"`{field.name}: " not in entry] == []


@pytest.mark.parametrize("name", replay.__all__)
def test_name_has_a_test(name: str, tested: Mapping[Path, Any]) -> None:
    assert any(name in used.names for used in tested.values()), f"no test uses {name}"


def test_every_member_says_what_it_is() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert len(rows) > 20
    assert [row for row in rows if row.endswith("|  |")] == []
