"""`Totals`: what a plugin's recognition came to, as plain integers that metrics read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from .engines import EnginePool

__all__ = ["Totals", "make_instruments"]


@dataclass(slots=True)
class Totals:
    """Counts over all calls of a plugin.

    Attributes:
        results: transcripts emitted, by whether they are final. dropped: samples never recognised.
        interims_dropped: interims left out, since finals had to be made first.
    """

    results: Counter[bool] = field(default_factory=Counter)
    dropped: int = 0
    interims_dropped: int = 0


def make_instruments(meter: Meter, plugin: str, totals: Totals, pool: EnginePool[Any], *, rate: int) -> None:
    """Make the instruments of one plugin; their callbacks only read."""

    def results() -> Iterator[Observation]:
        for is_final, count in totals.results.items():
            yield Observation(count, {"plugin": plugin, "final": is_final})

    def dropped() -> Iterator[Observation]:
        yield Observation(totals.dropped / rate, {"plugin": plugin})

    def interims() -> Iterator[Observation]:
        yield Observation(totals.interims_dropped, {"plugin": plugin})

    def failures() -> Iterator[Observation]:
        for state in pool.states:
            yield Observation(state.failed, {"plugin": plugin, "engine": state.name})

    def garbage() -> Iterator[Observation]:
        for state in pool.states:
            yield Observation(state.garbage, {"plugin": plugin, "engine": state.name})

    def resting() -> Iterator[Observation]:
        for state in pool.states:
            yield Observation(int(state.failures > 0), {"plugin": plugin, "engine": state.name})

    for name, read, unit, text in (
        ("asr.results", results, "{transcript}", "Transcripts emitted, interim and final."),
        ("asr.dropped", dropped, "s", "Audio that was never recognised: too slow, or away too long."),
        ("asr.interims_dropped", interims, "{transcript}", "Interims left out to catch up."),
        ("asr.failures", failures, "{failure}", "Failures, by engine."),
        ("asr.garbage", garbage, "{result}", "Results that could not be used, by engine."),
    ):
        meter.create_observable_counter(name, [_observed(read)], unit, text)
    meter.create_observable_gauge(
        "asr.failing", [_observed(resting)], "1", "1 while an engine fails, by engine."
    )


def _observed(
    read: Callable[[], Iterator[Observation]],
) -> Callable[[CallbackOptions], Iterable[Observation]]:
    return lambda _: read()
