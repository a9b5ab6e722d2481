"""The reference page names every table and column, and every metric."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from audiohook_fw_sessions.filters import NAMES
from audiohook_fw_sessions.openapi import document
from audiohook_fw_sessions.reader import By
from audiohook_fw_sessions.schema import METADATA
from sqlalchemy import Boolean, Column, Float, Integer

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "session-database.md").read_text(encoding="utf-8")


def kind(column: Column[object]) -> str:
    name = str(column.type).lower()
    if isinstance(column.type, Boolean | Float | Integer):
        return name
    return "text"


@pytest.mark.parametrize("name", METADATA.tables)
def test_tables(name: str) -> None:
    part = PAGE.partition(f"### `{name}`\n")[2].partition("\n#")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", part, re.MULTILINE)
    assert rows == [(column.name, kind(column)) for column in METADATA.tables[name].columns]


def test_api() -> None:
    for path in document()["paths"]:
        assert f"| `{path.replace('{id}', 'ID')}` |" in PAGE
    for word in (*NAMES, *By):
        assert f"`{word}`" in PAGE


def test_metrics() -> None:
    source = (ROOT / "plugins/audiohook-fw-sessions/audiohook_fw_sessions/metrics.py").read_text()
    names = re.findall(r'"(sessions\.[a-z.]+)"', source)
    assert len(names) == 5
    for name in names:
        assert f"| `{name}` |" in PAGE
