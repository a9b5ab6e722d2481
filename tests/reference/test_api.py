"""Every public name has its entry, an example that runs, and a test."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from make_reference import api as maker
from make_reference.source import find

import audiohook_fw

NAMES = audiohook_fw.__all__
PAGE = maker.page()


@pytest.mark.parametrize("name", NAMES)
def test_public_name_has_its_entry(name: str) -> None:
    assert PAGE.count(f"\n## `{name}`\n") == 1
    assert f"](#{name.lower()}) | " in PAGE
    public = getattr(audiohook_fw, name)
    if inspect.isclass(public):
        entry = PAGE.partition(f"\n## `{name}`\n")[2].partition("\n## ")[0]
        own = [member for member in vars(public) if callable(getattr(public, member)) and member[0] != "_"]
        mine = [member for member in own if inspect.isfunction(vars(public)[member])]
        assert [member for member in mine if f"{member}(" not in entry] == []
        assert (inspect.getdoc(public) or "").splitlines()[0] in entry


@pytest.mark.parametrize("name", NAMES)
def test_public_name_has_an_example(name: str) -> None:
    """The examples of the hooks: `test_hooks.py` runs each of them."""
    assert maker.users(name), f"no example in docs/reference/hooks imports {name}"


@pytest.mark.parametrize("name", NAMES)
def test_public_name_has_a_test(name: str, tested: Mapping[Path, Any]) -> None:
    assert any(name in used.names for used in tested.values()), f"no test uses {name}"


def test_names_are_found_where_they_are_defined() -> None:
    found = find("audiohook_fw", "CloseReason")
    assert (found.module, found.signature) == ("audiohook_fw.plugin.values", "class CloseReason(StrEnum)")
    members = {member.name: member for member in found.members()}
    assert members["END"].signature == "END = 'end'"
    assert members["LOST"].text.startswith("The connection broke off")
    with pytest.raises(LookupError, match="Nothing"):
        find("audiohook_fw", "Nothing")


def test_fields_have_what_the_docstring_says_of_them() -> None:
    members = {member.name: member for member in find("audiohook_fw", "Accept").members()}
    assert members["discard_to"].signature == "discard_to: float | None = None"
    assert members["discard_to"].text.startswith("call time in seconds")


def test_the_version_is_that_of_the_distribution() -> None:
    assert audiohook_fw.__version__ == version("audiohook-fw")
