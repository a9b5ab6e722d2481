"""Counts of what became of utterances, by engine: plain numbers, read when they are exported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from opentelemetry.metrics import CallbackOptions, Meter, Observation

__all__ = ["Outcome", "Totals"]


class Outcome(StrEnum):
    """What became of an utterance; the values are those of the metric."""

    SCORED = "scored"
    UNKNOWN = "unknown"
    """The engine could not tell."""
    FAILED = "failed"
    LATE = "late"
    REFUSED = "refused"
    """Too many waited."""
    RESTING = "resting"
    """All engines that know the language are left alone, after failures."""
    LANGUAGE = "language"
    """No engine knows the language."""


class Totals:
    """How many utterances came to which end."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, Outcome]] = Counter()

    def count(self, engine: str, outcome: Outcome) -> None:
        """Count an utterance; `engine` is empty when none was asked."""
        self.counts[engine, outcome] += 1

    def observe(self, meter: Meter) -> None:
        """Make the instrument; any thread may read it."""

        def read(_: CallbackOptions) -> Iterable[Observation]:
            for (engine, outcome), number in self.counts.copy().items():
                yield Observation(number, {"engine": engine or "none", "outcome": str(outcome)})

        meter.create_observable_counter(
            "sentiment.utterances", [read], "{utterance}", "Final transcripts, by engine and outcome."
        )
