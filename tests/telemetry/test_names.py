"""Every name in the tables of telemetry is used: a table that promises what never comes is a lie."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import audiohook_fw
from audiohook_fw.telemetry import ATTRIBUTES, EVENTS, METRICS, PERSONAL, SPANS, attributes

PACKAGE = Path(audiohook_fw.__file__).parent
CODE = "\n".join(
    path.read_text()
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name not in ("table.py", "attributes.py")
)
CONSTANTS = {
    value: name for name, value in vars(attributes).items() if name.isupper() and isinstance(value, str)
}


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_counted_somewhere(name: str) -> None:
    assert f'"{name}"' in CODE


@pytest.mark.parametrize("name", [*SPANS, *EVENTS, *ATTRIBUTES, *PERSONAL])
def test_every_name_of_a_trace_is_used(name: str) -> None:
    constant = CONSTANTS[name]
    assert re.search(rf"\bnames\.{constant}\b|import .*\b{constant}\b", CODE), constant


def test_no_name_stands_outside_the_tables() -> None:
    assert set(CONSTANTS) == {*SPANS, *EVENTS, *ATTRIBUTES, *PERSONAL}


def test_no_metric_is_used_that_is_not_in_the_table() -> None:
    used = set(re.findall(r'\.(?:counter|gauge|histogram)\(\s*"([^"]+)"', CODE))
    assert len(used) > 10
    assert used <= set(METRICS)
