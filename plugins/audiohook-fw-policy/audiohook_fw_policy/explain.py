"""Which rule decides, and why: in words, and without a number of anybody."""

from __future__ import annotations

from collections.abc import Iterator

from .condition import ALWAYS, Condition
from .facts import Facts
from .outcome import Cause, Decided, Outcome, Waiting
from .rules import Rule, RuleSet

__all__ = ["explain"]

_WORDS = {True: "yes", False: "no", None: "not known yet"}


def explain(rules: RuleSet, facts: Facts, failure: Outcome) -> Iterator[str]:
    """Yield a line for every rule that is asked and for each of its conditions, then the decision."""
    said = rules.decide(facts, failure)
    decider = "" if isinstance(said, Decided) and said.cause is Cause.DEFAULT else said.rule
    for rule in rules.rules:
        yield from _rule(rule, facts)
        if rule.name == decider:
            break
    if isinstance(said, Decided):
        yield f"decision: {_decided(said)}"
        return
    yield f"decision: accept paused, and wait up to {said.timeout:g} s for the queue (rule {said.rule})"
    last = rules.decide(facts, failure, failed=True)
    assert not isinstance(last, Waiting), "nobody waits for a look-up that failed"
    yield f"if the queue stays unknown: {_decided(last)}"


def _decided(said: Decided) -> str:
    why = {
        Cause.MATCH: f"rule {said.rule} matches",
        Cause.FALLBACK: f"the fallback of rule {said.rule}",
        Cause.DEFAULT: "no rule matches: the default",
        Cause.FAILURE: "the rules failed",
    }
    if said.misses_queue:
        return f"{said.outcome} (on_failure, since rule {said.rule} has no fallback)"
    return f"{said.outcome} ({why[said.cause]})"


def _rule(rule: Rule, facts: Facts) -> Iterator[str]:
    answer = {True: "matches", False: "does not match", None: "asks for the queue"}[rule.when.test(facts)]
    yield f"rule {rule.name} (line {rule.line}): {answer}"
    if rule.when is ALWAYS:
        yield "  it has no conditions"
    for part in rule.when.parts:
        yield from _condition(part, facts, "  ")


def _condition(condition: Condition, facts: Facts, indent: str) -> Iterator[str]:
    if condition.name == "all" and len(condition.parts) == 1:  # a table with one condition in it
        condition = condition.parts[0]
    text = f" {condition.text}" if condition.text else ""
    yield f"{indent}{condition.name}{text}: {_WORDS[condition.test(facts)]}"
    for part in condition.parts:
        yield from _condition(part, facts, indent + "  ")
