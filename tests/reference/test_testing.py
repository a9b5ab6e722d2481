"""The testing kit is documented as the rest of the public API is: every name, fixture and rule."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from make_reference import testing as maker
from make_reference.source import find, first_line

from audiohook_fw import pytest_plugin, testing
from audiohook_fw.cli.packaging import PACKAGING_RULES, PackagingRule

PAGE = maker.page()
OURS = ("audiohook_fw.testing", "audiohook_fw.stage")
HOW_TO = (Path(__file__).parents[2] / "docs/how-to/test-a-plugin.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", testing.__all__)
def test_name_has_its_entry(name: str) -> None:
    assert PAGE.count(f"\n### `{name}`\n") == 1
    assert f"](#{name.lower()}) | " in PAGE
    public = getattr(testing, name)
    entry = PAGE.partition(f"\n### `{name}`\n")[2].partition("\n### ")[0]
    if inspect.isclass(public):
        assert first_line(inspect.getdoc(public) or "") in entry
        mine = [member for kind in public.__mro__ if kind.__module__.startswith(OURS)
                for member, value in vars(kind).items() if _is_told(member, value)]  # fmt: skip
        assert [member for member in mine if f"`{member}" not in entry and f" {member}(" not in entry] == []


def _is_told(member: str, value: object) -> bool:
    return not member.startswith(("_", "test_")) and (
        inspect.isfunction(value) or isinstance(value, property)
    )


@pytest.mark.parametrize("name", testing.__all__)
def test_name_has_a_test(name: str, tested: Mapping[Path, Any]) -> None:
    assert any(name in used.names for used in tested.values()), f"no test uses {name}"


def test_every_member_says_what_it_is() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert len(rows) > 80
    silent = [row for row in rows if row.endswith("|  |") and "__init__" not in row]
    assert silent == []


@pytest.mark.parametrize("fixture", pytest_plugin.__all__)
def test_fixture_is_told_and_shown(fixture: str) -> None:
    assert f"| `{fixture}` | " in PAGE
    assert fixture.startswith("audiohook_")
    assert f"{fixture}(" in HOW_TO or f"{fixture}." in HOW_TO


@pytest.mark.parametrize("rule", [*testing.RULES, *PACKAGING_RULES], ids=lambda rule: rule.name)
def test_rule_is_told(rule: testing.Rule | PackagingRule) -> None:
    assert f"| `{rule.name}` | {rule.demand.replace('|', chr(92) + '|')} | " in PAGE


def test_functions_and_inherited_members_are_found() -> None:
    assert find("audiohook_fw.testing", "play_call").signature.startswith("play_call(server: ")
    bases = [base.name for base in find("audiohook_fw.testing", "CallDriver").inherited()]
    assert bases == ["CallOutcome"]
