"""The index of rules: what it leaves out can neither match nor wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from audiohook_fw_policy.facts import Facts
from audiohook_fw_policy.index import Index
from audiohook_fw_policy.rules import RuleSet

ID = "d7934305-0972-4844-938e-9060eef73d05"
ALL = (
    f'organization = "{ID}"',
    'key = ["main", "spare"]',
    'dnis = "+49800123"',
    'dnis = ["+49800*", "+43*"]',
    'ani = ["anonymous", "+43*"]',
    'queue = "Sales"',
    f'queue = ["{ID}", "Care"]',
    'language = "de"',
    'custom.tier = ["gold", "5"]',
    'custom.tier = "g*"',
    'any = [{ key = "main" }, { dnis = "+43*" }]',
    'any = [{ key = "main" }, { sample = 50 }]',
    'sample = 50, key = "main"',
    'not = { key = "main" }',
    'key = ["pilot*", "test"]',
    'queue = "Care *"',
    f'queue = ["{ID}", "Help*"]',
    'custom."a.b" = "v1*"',
    'queue = "*care"',
    'custom.tier = "*"',
)


@pytest.fixture
def index(rules: Callable[..., RuleSet]) -> Index:
    found = rules(*(f'action = "reject"\nwhen = {{ {text} }}' for text in ALL))
    return Index(rule.when.signs for rule in found.rules)


ALWAYS = [4, 11, 13, 18]
UNKNOWN_QUEUE = [5, 6, 15, 16]


@pytest.mark.parametrize(
    ("facts", "positions"),
    [
        ({}, UNKNOWN_QUEUE),
        ({"queue_id": "x", "queue_name": "x"}, []),
        ({"queue_id": ID, "queue_name": "x"}, [6, 16]),
        ({"queue_id": "x"}, [5, 6, 15, 16]),  # its name may still be that of any
        ({"queue_id": "x", "queue_name": ""}, [5, 6, 15, 16]),  # which could not be found out
        ({"queue_name": "sales"}, [5, 6, 16]),  # and here its id
        ({"queue_id": "x", "queue_name": "care "}, [15]),
        ({"queue_id": "x", "queue_name": "helpers"}, [16]),
        ({"queue_name": "x", "queue_id": "x", "key": "pilot2"}, [14]),
        ({"queue_name": "x", "queue_id": "x", "key": "pilo"}, []),
        ({"queue_name": "x", "queue_id": "x", "custom": {"a": {"b": "v1.2"}}}, [17]),
        ({"queue_name": "x", "queue_id": "x", "custom": {"tier": "golden"}}, [9, 19]),
        ({"queue_id": "x", "queue_name": "sales"}, [5]),
        ({"queue_name": "x", "queue_id": "x", "organization": ID}, [0]),
        ({"queue_name": "x", "queue_id": "x", "key": "main"}, [1, 10, 12]),
        ({"queue_name": "x", "queue_id": "x", "dnis": "+49800123"}, [2, 3]),
        ({"queue_name": "x", "queue_id": "x", "dnis": "+4980"}, []),
        ({"queue_name": "x", "queue_id": "x", "dnis": "+43"}, [3, 10]),
        ({"queue_name": "x", "queue_id": "x", "language": "de-at-1996"}, [7]),
        ({"queue_name": "x", "queue_id": "x", "custom": {"tier": 5}}, [8, 19]),
    ],
)
def test_only_rules_that_can_match_or_wait_are_asked(
    index: Index, facts: dict[str, Any], positions: list[int]
) -> None:
    assert list(index.candidates(Facts(**facts))) == sorted([*ALWAYS, *positions])


def test_without_rules_there_is_nothing_to_ask() -> None:
    assert list(Index([]).candidates(Facts())) == []
