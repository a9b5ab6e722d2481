"""The rules as a whole: the first that matches decides, and waiting ends in its fallback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from audiohook_fw_policy.condition import Condition, all_of, any_of, none_of
from audiohook_fw_policy.facts import Facts
from audiohook_fw_policy.index import Sign
from audiohook_fw_policy.outcome import NEXT, Action, Cause, Decided, Outcome, Waiting
from audiohook_fw_policy.rule_file import parse_rules
from audiohook_fw_policy.rules import DEFAULT, Rule, RuleSet
from hypothesis import given
from hypothesis import strategies as st

ACCEPT = Outcome(Action.ACCEPT)
FAILURE = Outcome(Action.REJECT, "error", "failure")
Rules = Callable[..., RuleSet]


def decide(rules: RuleSet, waited: float = 0.0, failed: bool = False, **facts: Any) -> Decided | Waiting:
    return rules.decide(Facts(**facts), FAILURE, waited=waited, failed=failed)


def test_the_first_rule_that_matches_decides(rules: Rules) -> None:
    found = rules(
        'action = "reject"\nwhen.key = "a*"', 'action = "accept"\nwhen.key = "ab"', 'action = "reject"'
    )
    assert decide(found, key="ab") == Decided(Outcome(Action.REJECT), "r1", Cause.MATCH)
    assert decide(found, key="b") == Decided(Outcome(Action.REJECT), "r3", Cause.MATCH)


def test_the_default_counts_when_none_does(rules: Rules) -> None:
    found = rules(
        'action = "reject"\nwhen.key = "a"', top='default = { action = "accept", tags = { x = "y" } }'
    )
    said = decide(found, key="b")
    assert said == Decided(Outcome(Action.ACCEPT, tags={"x": "y"}), DEFAULT, Cause.DEFAULT)


def test_a_rule_waits_only_where_the_answer_hangs_on_the_queue(rules: Rules) -> None:
    found = rules(
        'action = "reject"\nwhen = { queue = "a", key = "b" }\nqueue_timeout = 3',
        'action = "accept"\nwhen.key = "c"',
        'action = "accept"\nwhen = { any = [{ queue = "a" }, { key = "d" }] }',
    )
    assert decide(found, key="b") == Waiting("r1", 3.0)
    assert decide(found, key="c") == Decided(ACCEPT, "r2", Cause.MATCH)
    assert decide(found, key="d") == Decided(ACCEPT, "r3", Cause.MATCH)
    assert decide(found, key="e") == Waiting("r3", 10.0)
    assert decide(found, key="b", queue_name="a").rule == "r1"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("fallback", "said"),
    [
        ("", Decided(FAILURE, "r1", Cause.FAILURE)),
        ('fallback = "accept"', Decided(ACCEPT, "r1", Cause.FALLBACK)),
        (
            'fallback = { action = "reject", reason = "error" }',
            Decided(Outcome(Action.REJECT, "error"), "r1", Cause.FALLBACK),
        ),
        ('fallback = "next"', Decided(Outcome(Action.ACCEPT_PAUSED), "r2", Cause.MATCH)),
    ],
)
def test_after_its_time_the_fallback_counts(rules: Rules, fallback: str, said: Decided) -> None:
    found = rules(
        f'action = "accept"\nwhen.queue = "a"\nqueue_timeout = 2\n{fallback}', 'action = "accept-paused"'
    )
    assert isinstance(decide(found, waited=1.9), Waiting)
    assert decide(found, waited=2.0) == said
    assert decide(found, failed=True) == said


def test_each_rule_waits_for_its_own_time(rules: Rules) -> None:
    found = rules(
        'action = "reject"\nwhen.queue = "a"\nqueue_timeout = 1\nfallback = "next"',
        'action = "reject"\nwhen.queue = "b"',
        top='default = "accept"\nqueue_timeout = 5\nfallback = "accept"',
    )
    assert [decide(found, waited=waited) for waited in (0, 1, 5)] == [
        Waiting("r1", 1.0),
        Waiting("r2", 5.0),
        Decided(ACCEPT, "r2", Cause.FALLBACK),
    ]


def test_toml_and_yaml_say_the_same() -> None:
    toml = """
        default = "reject"
        numbers = { country_code = "49" }
        [[rules]]
        name = "pilot"
        action = "accept"
        tags = { tier = "1" }
        when = { dnis = ["0800 123", "+43*"], not = { language = "no" }, active = { per = "key", below = 5 } }
    """
    yaml = """
        default: reject
        numbers: {country_code: 49}
        rules:
          - name: pilot
            action: accept
            tags: {tier: 1}
            when:
              dnis: [0800 123, +43*]
              not: {language: no}
              active: {per: key, below: 5}
    """
    for text, file in ((toml, "a.toml"), (yaml, "a.yaml")):
        found = parse_rules(text, file)
        said = decide(found, dnis="+49800123", language="de")
        assert said == Decided(Outcome(Action.ACCEPT, tags={"tier": "1"}), "pilot", Cause.MATCH)
        assert decide(found, dnis="+49800123", language="no").rule == DEFAULT  # type: ignore[union-attr]


# What holds for all rules and calls ---------------------------------------------------------------------

KEYS, NUMBERS, ORGANIZATIONS = ("a", "b", "c"), ("+491", "+492", "+43", ""), ("o1", "o2")
QUEUES = (None, "q1", "q2")

facts = st.builds(
    Facts,
    key=st.sampled_from(KEYS),
    dnis=st.sampled_from(NUMBERS),
    organization=st.sampled_from(ORGANIZATIONS),
    conversation=st.uuids().map(str),
    queue_name=st.sampled_from(QUEUES),
)


def _signs(field: str, values: frozenset[str]) -> frozenset[Sign]:
    return frozenset((field, value) for value in values)


def _exact(field: str, values: tuple[str, ...]) -> st.SearchStrategy[Condition]:
    return st.frozensets(st.sampled_from(values), min_size=1).map(
        lambda found: Condition(
            field, "", lambda facts: getattr(facts, field) in found, signs=_signs(field, found)
        )
    )


queue = st.sampled_from(QUEUES[1:]).map(
    lambda name: Condition(
        "queue",
        "",
        lambda facts: None if facts.queue_name is None else facts.queue_name == name,
        signs=frozenset({("queue_name", name), ("queue_name", None)}),
        needs_queue=True,
    )
)
simple = st.one_of(
    _exact("key", KEYS), _exact("dnis", NUMBERS[:3]), _exact("organization", ORGANIZATIONS), queue
)
conditions = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(all_of),
        st.lists(inner, min_size=1, max_size=3).map(any_of),
        inner.map(none_of),
    ),
    max_leaves=6,
)
outcomes = st.sampled_from([ACCEPT, Outcome(Action.REJECT), Outcome(Action.ACCEPT_PAUSED)])


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    drawn = draw(st.lists(st.tuples(conditions, outcomes, st.sampled_from([None, NEXT, ACCEPT])), max_size=8))
    made = [
        Rule(f"r{i}", i, all_of([when]), outcome, 10.0, fallback)
        for i, (when, outcome, fallback) in enumerate(drawn)
    ]
    return RuleSet(made, ACCEPT)


def plainly(rules: RuleSet, call: Facts, *, patient: bool) -> Decided | Waiting:
    """Decide as the documentation says it, one rule after the other."""
    for rule in rules.rules:
        answer = rule.when.test(call)
        if answer is True:
            return Decided(rule.outcome, rule.name, Cause.MATCH)
        if answer is None and patient:
            return Waiting(rule.name, 10.0)
        if answer is None and rule.fallback is not NEXT:
            if isinstance(rule.fallback, Outcome):
                return Decided(rule.fallback, rule.name, Cause.FALLBACK)
            return Decided(FAILURE, rule.name, Cause.FAILURE)
    return Decided(rules.default, DEFAULT, Cause.DEFAULT)


@given(rule_sets(), facts)
def test_the_first_match_wins_with_any_index(rules: RuleSet, call: Facts) -> None:
    assert rules.decide(call, FAILURE) == plainly(rules, call, patient=True)
    assert rules.decide(call, FAILURE, failed=True) == plainly(rules, call, patient=False)


@given(rule_sets(), facts)
def test_the_same_call_is_always_decided_the_same(rules: RuleSet, call: Facts) -> None:
    first = rules.decide(call, FAILURE)
    again = RuleSet(rules.rules, rules.default).decide(
        Facts(call.organization, call.conversation, call.key, dnis=call.dnis, queue_name=call.queue_name),
        FAILURE,
    )
    assert again == first == rules.decide(call, FAILURE)


@given(rule_sets(), facts)
def test_nobody_waits_once_the_queue_is_known_or_the_time_is_over(rules: RuleSet, call: Facts) -> None:
    assert isinstance(rules.decide(call, FAILURE, waited=10.0), Decided)
    if call.queue_name is not None:
        assert isinstance(rules.decide(call, FAILURE), Decided)


@given(rule_sets(), facts)
def test_what_does_not_wait_hangs_on_no_queue(rules: RuleSet, call: Facts) -> None:
    call.queue_name = None
    said = rules.decide(call, FAILURE)
    if isinstance(said, Decided):
        for name in QUEUES[1:]:
            call.queue_name = name
            assert rules.decide(call, FAILURE) == said
