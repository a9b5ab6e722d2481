"""Whatever stands in a rule file: it becomes rules, or an error with lines; never anything else."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml
from audiohook_fw_policy.conditions import CONDITIONS
from audiohook_fw_policy.facts import Facts
from audiohook_fw_policy.outcome import Action, Decided, Outcome
from audiohook_fw_policy.problems import Problem, RuleFileError
from audiohook_fw_policy.rule_file import parse_rules
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

WORDS = st.sampled_from(
    ["accept", "reject", "accept-paused", "next", "error", "a", "*", "?", "+49*", "0800", "anonymous", "UTC"]
) | st.sampled_from(
    ["mon-fri", "08:00-18:00", "key", "queue", "10%", "de", "../x", f"{1:08}-{'0000-' * 3}{1:012}"]
)
SCALARS = st.one_of(
    WORDS, st.text(max_size=5), st.integers(-2, 400), st.booleans(), st.none(), st.floats(-1, 101)
)
KEYS = st.one_of(
    st.sampled_from([*CONDITIONS]),
    st.sampled_from(
        ["name", "when", "action", "reason", "info", "tags", "fallback", "queue_timeout", "default"]
    ),
    st.sampled_from(["rules", "zone", "numbers", "country_code", "days", "hours", "percent", "seed", "per"]),
    st.sampled_from(["below", "at_least", "x"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
CONDITION = st.dictionaries(st.sampled_from([*CONDITIONS]), VALUES, min_size=1, max_size=3)
RULE = st.fixed_dictionaries(
    {"name": st.sampled_from("abcdef"), "action": WORDS},
    optional={"when": CONDITION | VALUES, "tags": VALUES, "fallback": VALUES, "queue_timeout": VALUES},
)
FILE = st.fixed_dictionaries(
    {"default": st.sampled_from(["accept", "reject"]) | VALUES, "rules": st.lists(RULE, max_size=3) | VALUES},
    optional={"zone": VALUES, "numbers": VALUES, "fallback": VALUES, "queue_timeout": VALUES},
)
FAILURE = Outcome(Action.REJECT, "error")


def _check(text: str, file: str) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        rules = parse_rules(text, file)
    except RuleFileError as error:
        problems = error.problems
        rules = None
    assert (rules is None) is bool(problems)
    assert all(1 <= problem.line <= max(1, len(text.splitlines())) for problem in problems)
    if rules is not None:
        call = Facts(ani="+4930", dnis="+498001", language="de", custom={"a": [1]}, conversation="c")
        assert isinstance(rules.decide(call, FAILURE, failed=True), Decided)


@given(FILE)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_table_is_rules_or_an_error(content: dict[str, Any]) -> None:
    _check(yaml.safe_dump(content, allow_unicode=True), "rules.yaml")
    _check(json.dumps(content, indent=1), "rules.yml")  # JSON is YAML


@given(st.text(max_size=60))
@settings(deadline=None)
def test_any_text_is_rules_or_an_error(text: str) -> None:
    for file in ("rules.toml", "rules.yaml"):
        _check(text, file)


def test_other_threads_have_their_turn_after_each_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[float] = []
    monkeypatch.setattr(time, "sleep", turns.append)
    text = "default: accept\nrules:\n" + "".join(f"- {{name: r{i}, action: accept}}\n" for i in range(50))
    assert len(parse_rules(text, "rules.yaml").rules) == 50
    assert turns == [0] * 50
