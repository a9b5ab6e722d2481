"""Recognisers of other packages, by entry point."""

from __future__ import annotations

import sys
import types
from importlib.metadata import EntryPoint

import pytest
from audiohook_fw_redact import RedactSettings
from audiohook_fw_redact.extensions import GROUP, load_recognisers

from audiohook_fw import ConfigError


class Names:
    """A recogniser that finds nothing."""

    kind = "name"

    def find(self, text: str, language: str) -> list[object]:
        return []


@pytest.fixture(autouse=True)
def _module(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("names_of_others")
    module.__dict__.update(Names=Names, names=Names(), number=5, Wrong=lambda: None)
    monkeypatch.setitem(sys.modules, "names_of_others", module)


def point(name: str, attribute: str) -> EntryPoint:
    return EntryPoint(name, f"names_of_others:{attribute}", GROUP)


def test_all_that_are_installed_are_used() -> None:
    found = load_recognisers(RedactSettings(), [point("a", "Names"), point("b", "names")])
    assert [recogniser.kind for recogniser in found] == ["name", "name"]


def test_or_those_that_are_named() -> None:
    assert load_recognisers(RedactSettings(recognisers=()), [point("a", "Names")]) == []
    assert (
        len(load_recognisers(RedactSettings(recognisers=("b",)), [point("a", "x"), point("b", "names")])) == 1
    )


@pytest.mark.parametrize(
    ("name", "attribute", "problem"),
    [
        ("b", "Names", "a is not installed; there is: b"),
        ("a", "missing", "a .* does not load: AttributeError"),
        ("a", "number", "a .* is no recogniser"),
    ],
)
def test_what_will_not_do(name: str, attribute: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        load_recognisers(RedactSettings(recognisers=("a",)), [point(name, attribute)])
