"""Observable instruments over the writer: nothing is added up for them before somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from .writer import Writer

__all__ = ["make_instruments"]


def make_instruments(meter: Meter, writer: Writer) -> None:
    """Make the plugin's instruments; any thread may run their callbacks."""
    for name, read, unit, description in (
        ("sessions.rows.written", lambda: writer.written, "{row}", "Rows put into the database."),
        ("sessions.rows.lost", lambda: writer.lost, "{row}", "Rows that had no room while it was gone."),
        ("sessions.rows.refused", lambda: writer.refused, "{row}", "Rows that it took for nonsense."),
    ):
        meter.create_observable_counter(name, [_observed(read)], unit, description)
    for name, read, unit, description in (
        ("sessions.rows.waiting", lambda: writer.waiting, "{row}", "Rows in memory."),
        ("sessions.journal.size", lambda: writer.backlog, "By", "Bytes that wait in the journal."),
    ):
        meter.create_observable_gauge(name, [_observed(read)], unit, description)


def _observed(read: Callable[[], int]) -> Callable[[CallbackOptions], Iterable[Observation]]:
    return lambda _: (Observation(read()),)
