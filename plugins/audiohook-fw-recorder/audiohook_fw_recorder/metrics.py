"""Observable instruments over writer and finisher: nothing is added up for them before somebody asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from .finish import Finisher
from .span import SpanCounts
from .writer import Writer

__all__ = ["make_instruments"]

Read = Callable[[], Iterator[Observation]]


def make_instruments(meter: Meter, writer: Writer, finisher: Finisher, spans: SpanCounts) -> None:
    """Make the plugin's instruments; any thread may run their callbacks."""
    counts, disk = finisher.counts, writer.disk

    def refused() -> Iterator[Observation]:
        for reason, number in sorted(disk.failures.copy().items()):
            yield Observation(number, {"reason": reason})

    def failures() -> Iterator[Observation]:
        for kind, number in sorted(counts.failures.items()):
            yield Observation(number, {"kind": kind})

    def redactions() -> Iterator[Observation]:
        for outcome in ("silenced", "late", "refused"):
            if number := getattr(spans, outcome):
                yield Observation(number, {"outcome": outcome})

    def waiting(part: int) -> Read:
        return lambda: iter([Observation(finisher.backlog(time.monotonic())[part])])

    def counted(name: str) -> Read:
        return lambda: iter([Observation(getattr(counts, name))])

    for name, read, unit, text in (
        ("recorder.uploads", counted("uploads"), "{recording}", "Recordings that the store has confirmed."),
        ("recorder.uploaded", counted("bytes"), "By", "Bytes of them."),
        ("recorder.lost", counted("lost"), "{recording}", "Recordings that cannot be finished."),
        ("recorder.disk.failures", refused, "{failure}", "Writes that the disk refused, by reason."),
        (
            "recorder.audio.lost",
            lambda: iter([Observation(disk.lost + disk.given_up)]),
            "By",
            "Audio that was lost since too much waited for the disk.",
        ),
        ("recorder.redactions", redactions, "{span}", "Spans that were to be silenced, by outcome."),
        ("recorder.failures", failures, "{failure}", "Failed tries to finish a recording, by kind."),
    ):
        meter.create_observable_counter(name, [_observed(read)], unit, text)
    for name, read, unit, text in (
        (
            "recorder.memory",
            lambda: iter([Observation(writer.waiting)]),
            "By",
            "Audio in memory that waits to be written.",
        ),
        ("recorder.waiting", waiting(0), "{recording}", "Recordings that wait to be finished."),
        ("recorder.waiting.size", waiting(1), "By", "Bytes of them."),
        ("recorder.waiting.oldest", waiting(2), "s", "How long the oldest of them has waited."),
    ):
        meter.create_observable_gauge(name, [_observed(read)], unit, text)


def _observed(read: Read) -> Callable[[CallbackOptions], Iterable[Observation]]:
    return lambda _: read()
