"""YAML is read as YAML 1.2 says, with the line of every value, by both of PyYAML's parsers."""

from __future__ import annotations

import pytest
import yaml
from audiohook_fw_policy import yaml_file
from audiohook_fw_policy.nodes import Node
from audiohook_fw_policy.problems import RuleFileError


@pytest.fixture(params=["SafeLoader", "CSafeLoader"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_file, "_LOADER", getattr(yaml, request.param))


def table(text: str) -> dict[str, Node]:
    node = yaml_file.read_yaml(text, "x.yaml")
    assert isinstance(node.value, dict)
    return node.value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("20:00", "20:00"),
        ("08:00-18:00", "08:00-18:00"),
        ("2026-01-01", "2026-01-01"),
        ("+4930123", 4930123),
        ("0123", 123),
        ("12.5", 12.5),
        ("1e2", "1e2"),
        ("1.5e+2", 150.0),
        ("10%", "10%"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("~", None),
        ("", None),
        ("!!str 5", "5"),
        ("0x1F", "0x1F"),
    ],
)
def test_scalars(written: str, value: object) -> None:
    found = table(f"a: {written}\n")["a"].value
    assert (type(found), found) == (type(value), value)


def test_a_number_is_known_as_it_was_written() -> None:
    assert table("a: +4930123\nb: '+4930123'\nc: x")["a"].written == "+4930123"


def test_every_value_knows_its_line() -> None:
    found = table("a: 1\n\nb:\n  - x\n  - c:\n      y\n")
    assert (found["a"].line, found["b"].key_line, found["b"].line) == (1, 3, 4)
    items = found["b"].value
    assert isinstance(items, list)
    inner = items[1].value
    assert isinstance(inner, dict)
    assert [items[0].line, items[1].line, inner["c"].key_line, inner["c"].line] == [4, 5, 5, 6]


def test_anchors_may_be_used() -> None:
    found = table("a: &numbers ['+49*']\nb: *numbers\n")
    assert found["b"].value == found["a"].value


def test_an_empty_file_is_an_empty_table() -> None:
    assert table("# nothing\n") == {}


@pytest.mark.parametrize(
    ("text", "line"), [("a: &a [*a]\n", 1), ("a: 1\n---\nb: 2\n", 2), ("a: 1\nb: \x07\n", 2), ("\ta: 1", 1)]
)
def test_what_is_no_table_of_values_is_refused(text: str, line: int) -> None:
    with pytest.raises(RuleFileError) as caught:
        yaml_file.read_yaml(text, "x.yaml")
    assert caught.value.problems[0].line == line
