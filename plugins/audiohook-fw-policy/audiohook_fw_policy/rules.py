"""`RuleSet`: rules in their order, compiled to be asked about ten thousand calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .condition import Condition
from .facts import Facts
from .index import Index
from .numbers import NumberPlan
from .outcome import FAILURE, Cause, Decided, Next, Outcome, Waiting

__all__ = ["DEFAULT", "FAILURE", "Rule", "RuleSet"]

DEFAULT: Final = "(default)"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        line: where it begins.
        when: what must hold; `ALWAYS` when the rule has no `when`.
        queue_timeout: seconds after `opened` for which it waits for the queue.
        fallback: what counts when the queue stays unknown; `None`: what a failure leads to.
    """

    name: str
    line: int
    when: Condition
    outcome: Outcome
    queue_timeout: float
    fallback: Outcome | Next | None = None


class RuleSet:
    """Rules that decide together. Immutable; asking changes nothing.

    Attributes:
        rules: in their order.
        default: what counts when no rule matches.
        numbers: how telephone numbers are read.
        zone: the time zone of the file, empty when it names none.
        warnings: what is allowed but hardly meant.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        default: Outcome,
        *,
        numbers: NumberPlan | None = None,
        zone: str = "",
        warnings: Sequence[str] = (),
    ) -> None:
        self.rules = tuple(rules)
        self.default = default
        self.numbers = numbers or NumberPlan()
        self.zone = zone
        self.warnings = tuple(warnings)
        self._decided_default = Decided(default, DEFAULT, Cause.DEFAULT)
        self._tests = tuple(rule.when.test for rule in self.rules)
        self._index = Index(rule.when.signs for rule in self.rules)

    def decide(
        self, facts: Facts, failure: Outcome, *, waited: float = 0.0, failed: bool = False
    ) -> Decided | Waiting:
        """Return what the first rule that matches says, or that the answer hangs on the queue.

        Args:
            facts: the call.
            failure: what counts for a rule without a fallback.
            waited: seconds since `opened`.
            failed: the look-up of the queue has failed: waiting makes no sense.
        """
        tests = self._tests
        for position in self._index.candidates(facts):
            answer = tests[position](facts)
            if answer is False:
                continue
            rule = self.rules[position]
            if answer:
                return Decided(rule.outcome, rule.name, Cause.MATCH)
            if not failed and waited < rule.queue_timeout:
                return Waiting(rule.name, rule.queue_timeout)
            if not isinstance(rule.fallback, Next):
                if rule.fallback is None:
                    return Decided(failure, rule.name, Cause.FAILURE)
                return Decided(rule.fallback, rule.name, Cause.FALLBACK)
        return self._decided_default
