"""`Notes`: every decision as a log line, a metric and a span event. Never anything about a person."""

from __future__ import annotations

import logging
import traceback

from opentelemetry import trace
from opentelemetry.metrics import Meter

from .outcome import Cause, Decided, Waiting
from .unanswered import Unanswered

__all__ = ["Notes"]

logger = logging.getLogger(__name__)

_WHY = {
    Cause.MATCH: "",
    Cause.FALLBACK: ", its fallback: the queue is not known",
    Cause.DEFAULT: ", no rule matches",
    Cause.FAILURE: ", the rules cannot be used",
}
_NO_FALLBACK = ", on_failure: the queue is not known, and it has no fallback"


class Notes:
    """Where decisions are told of.

    Attributes:
        unanswered: is told of calls that wait in vain.
    """

    def __init__(self, meter: Meter, *, dry_run: bool) -> None:
        self.unanswered = Unanswered()
        self._dry_run = dry_run
        self._decisions = meter.create_counter(
            "policy.decisions", "{decision}", "Decisions about calls, by the rule that made them."
        )
        self._waits = meter.create_counter(
            "policy.waits", "{call}", "Calls that wait for their queue, by the rule that asks for it."
        )
        self._reloads = meter.create_counter(
            "policy.reloads", "{read}", "Reads of the rule file, by result (loaded, invalid, unreadable)."
        )

    def decided(self, decided: Decided) -> None:
        """Tell of a decision; call it in the call's own context."""
        mode = " (dry run: it does not count)" if self._dry_run else ""
        outcome = decided.outcome
        why = _NO_FALLBACK if decided.misses_queue else _WHY[decided.cause]
        logger.info("policy: %s by rule %s%s%s", outcome, decided.rule, why, mode)
        attributes = {
            "rule": decided.rule,
            "action": str(outcome.action),
            "cause": str(decided.cause),
            "dry_run": "yes" if self._dry_run else "no",
        }
        self._decisions.add(1, attributes)
        trace.get_current_span().add_event(
            "policy.decision", {f"policy.{name}": value for name, value in attributes.items()}
        )

    def waits(self, waiting: Waiting) -> None:
        """Tell that a call waits for its queue."""
        logger.info("policy: rule %s waits up to %g s for the queue", waiting.rule, waiting.timeout)
        self._waits.add(1, {"rule": waiting.rule})
        trace.get_current_span().add_event("policy.wait", {"policy.rule": waiting.rule})

    def failed(self, error: Exception) -> None:
        """Tell that the rules raised: where, but not what, since that may quote the call."""
        place = traceback.extract_tb(error.__traceback__)[-1]
        logger.error("policy: the rules failed: %s at %s:%s", type(error).__name__, place.name, place.lineno)

    def read(self, result: str) -> None:
        """Count a read of the rule file."""
        self._reloads.add(1, {"result": result})
