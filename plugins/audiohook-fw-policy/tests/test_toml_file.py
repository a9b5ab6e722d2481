"""The lines of TOML: every key and item of a file is found where it stands."""

from __future__ import annotations

import re
from typing import Any

import pytest
from audiohook_fw_policy.nodes import Node
from audiohook_fw_policy.problems import RuleFileError
from audiohook_fw_policy.toml_file import read_toml
from hypothesis import given
from hypothesis import strategies as st

TEXT = (
    r'''# a comment with [brackets] = "and" 'quotes'
default = "a # no comment"  # line 2

"quoted key" . 'other' = 1979-05-27 07:32:00  # line 4
numbers = { country_code = "4\"9", inner = { x = [1, 2] } }  # line 5
text = """
several "" lines
[no] = header \""""
after = '''
    + "'''"
    + r"""
raw \
"""
    + "'''"
    + r"""  # line 9 to 11
list = [  # line 12
  "one", 'two,]',  # line 13

  { name = "three" },
  [ 4.5e1, true ], # line 16
]
[table.sub]
key = 0x1F  # line 19
[[rules]]
name = "first"  # line 21
[rules.when]
key = "a"
[[rules.when.any]]
ani = "x"
[[rules.when.any]]
ani = "y"  # line 27
[[rules]]
"name"="second"
when.not.key = "b"  # line 30
"""
)


def lines(node: Node, path: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], int]:
    """Return the line of every value by its path."""
    found = {path: node.line}
    children = node.value.items() if isinstance(node.value, dict) else ()
    children = enumerate(node.value) if isinstance(node.value, list) else children
    for key, child in children:
        found |= lines(child, (*path, key))
    return found


def test_every_value_knows_its_line() -> None:
    found = lines(read_toml(TEXT, "x.toml"))
    expected = {
        ("default",): 2,
        ("quoted key", "other"): 4,
        ("numbers", "country_code"): 5,
        ("numbers", "inner", "x", 1): 5,
        ("text",): 6,
        ("after",): 9,
        ("list",): 12,
        ("list", 0): 13,
        ("list", 1): 13,
        ("list", 2, "name"): 15,
        ("list", 3): 16,
        ("list", 3, 1): 16,
        ("table", "sub"): 18,
        ("table", "sub", "key"): 19,
        ("rules", 0): 20,
        ("rules", 0, "name"): 21,
        ("rules", 0, "when", "key"): 23,
        ("rules", 0, "when", "any", 0, "ani"): 25,
        ("rules", 0, "when", "any", 1): 26,
        ("rules", 0, "when", "any", 1, "ani"): 27,
        ("rules", 1): 28,
        ("rules", 1, "name"): 29,
        ("rules", 1, "when", "not", "key"): 30,
    }
    assert {path: found.get(path) for path in expected} == expected


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r", exclude_categories=["Cc", "Cs"]))
VALUES = st.recursive(
    st.integers(-9, 9) | st.booleans() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def written(value: object) -> str:
    """Return a value as TOML, each item of a list on a line of its own, after a comment."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "[ # [\n" + "".join(f"{written(item)}, # ]\n" for item in value) + "]"
    assert isinstance(value, dict)
    return "{ " + ", ".join(f"{quoted(key)} = {written(item)}" for key, item in value.items()) + " }"


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=5))
def test_whatever_is_written_is_found_again(table: dict[str, Any]) -> None:
    text = "".join(f"\n{quoted(key)} = {written(value)}\n" for key, value in table.items())
    by_line = text.split("\n")
    node = read_toml(text, "x.toml")
    for key, child in node.value.items():  # type: ignore[attr-defined]
        assert by_line[child.line - 1].startswith(f"{quoted(key)} = ")
        for path, line in lines(child).items():
            if path and isinstance(path[-1], int):
                assert not re.match(r"\]|\[ # \[$", by_line[line - 1]) or by_line[line - 1] == "[ # ["
    assert min(lines(node).values()) >= 1
    assert max(lines(node).values()) <= len(by_line)


@pytest.mark.parametrize(
    "deep",
    [
        "x = " + "[" * 3000 + "]" * 3000,
        "x = " + "[" * 51 + "]" * 51,
        "x = " + "{ a = " * 300 + "1" + " }" * 300,
        ".".join(["a"] * 3000) + " = 1",
        "[" + ".".join(["a"] * 51) + "]",
    ],
    ids=["lists", "one list too many", "tables", "key", "header"],
)
def test_what_is_too_deeply_nested(deep: str) -> None:
    with pytest.raises(RuleFileError) as caught:
        read_toml(f"default = 'accept'\nname = 'a [ # {{'\n{deep}\nmore = 1\n", "x.toml")
    assert str(caught.value) == "x.toml:3: too deeply nested; allowed: 50 tables and lists in each other"


def test_what_is_deep_enough() -> None:
    node = read_toml("x = " + "[" * 49 + "1" + "]" * 49, "x.toml")
    assert max(len(path) for path in lines(node)) == 50
