"""Observable instruments over the redactor: numbers of findings, by kind, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from .redactor import Redactor

__all__ = ["make_instruments"]


def make_instruments(meter: Meter, redactor: Redactor) -> None:
    """Make the plugin's instruments; any thread may run their callbacks."""

    def found(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(count, {"kind": kind}) for kind, count in redactor.found.copy().items()]

    def failures(_: CallbackOptions) -> Iterable[Observation]:
        return (Observation(redactor.failures),)

    text = "Pieces of personal data taken out of final transcripts, by kind."
    meter.create_observable_counter("redact.found", [found], "{piece}", text)
    text = "Texts that went as a whole, since they could not be read."
    meter.create_observable_counter("redact.failures", [failures], "{text}", text)
