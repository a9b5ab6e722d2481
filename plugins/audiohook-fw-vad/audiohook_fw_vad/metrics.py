"""Observable instruments over the totals: nothing is done for them before somebody asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from .totals import Totals

__all__ = ["make_instruments"]

Read = Callable[[CallbackOptions], Iterable[Observation]]


def make_instruments(meter: Meter, totals: Totals, *, rate: int) -> None:
    """Make the plugin's instruments; any thread may run their callbacks."""
    for name, counter, attribute, scale, unit, text in (
        ("vad.talk", totals.talk, "channel", rate, "s", "Speech, by channel."),
        ("vad.segments", totals.segments, "channel", 1, "{segment}", "Segments of speech, by channel."),
        ("vad.skipped", totals.skipped, "reason", rate, "s", "Audio that was not judged, by why."),
        ("vad.failures", totals.failures, "kind", 1, "{failure}", "Failures of the engine, by kind."),
    ):
        read = _counted(counter, attribute, scale)
        meter.create_observable_counter(name, [read], unit, text)
    meter.create_observable_counter(
        "vad.overlap", [lambda _: [Observation(totals.overlap / rate)]], "s", "Speech of both at once."
    )
    meter.create_observable_gauge(
        "vad.lag", [lambda _: [Observation(totals.lag)]], "s", "How far the call furthest behind is behind."
    )


def _counted(counter: Counter[str], attribute: str, scale: int) -> Read:
    return lambda _: [Observation(n / scale, {attribute: key}) for key, n in list(counter.items())]
