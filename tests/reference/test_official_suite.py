"""The page about the official test suite has every check of that suite, and the tests that it names exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "official-test-suite.md").read_text(encoding="utf-8")

CHECKS = {
    "Open Message - Test Double Stream Double Channel",
    "Open Message - Test Double Stream Double Channel Inverted",
    "Open Message - Test Single Stream Double Channel",
    "Open Message - Test Single Stream Single Channel External",
    "Open Message - Test Single Stream Single Channel Internal",
    "Audiohook Monitor - Ping Pong",
    "Audiohook Monitor - Ping Pong Close",
    "Audiohook Monitor - Send Update Message",
    "Audiohook Monitor - Send Discarded Message",
    "Audiohook Monitor - Send Error Message",
    "Audiohook Monitor - Send Pause & Resume Message",
    "Transcript Connector - Supported Languages",
    "Transcript Connector - Test Events",
    "Transcript Connector - Test Update During Utterance",
    "Transcript Connector - Test Update During Silence",
    "Transcript Connector - Test Discard During Utterance",
    "Transcript Connector - Test Discard During Silence",
    "Transcript Connector - Test Pause & Resume During Utterance",
    "Transcript Connector - Test Pause & Resume During Silence",
    "Close Message",
}
"""Their names in that suite."""

NODE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> dict[str, str]:
    table = PAGE.partition("| its check |")[2].splitlines()[2:]
    found = (re.match(r"\| ([^|]+) \| [^|]+ \| (.+) \|$", line) for line in table)
    return {match[1]: match[2] for match in found if match}


def test_every_check_names_tests_of_ours() -> None:
    assert rows().keys() == CHECKS
    assert [check for check, nodes in rows().items() if not NODE.search(nodes)] == []


@pytest.mark.parametrize("node", sorted({match.groups() for match in NODE.finditer(PAGE)}), ids="::".join)
def test_named_test_exists(node: tuple[str, str]) -> None:
    file, name = node
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
