"""`Totals`: what became of the pieces of speech, as plain integers that metrics read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from opentelemetry.metrics import CallbackOptions, Meter, Observation

__all__ = ["Totals", "make_instruments"]


@dataclass(slots=True)
class Totals:
    """Counts since the start.

    Attributes:
        recognized: pieces, by a worker. made_up: those of them that were no speech, whatever the model said.
        interims_dropped: no worker was idle. finals_dropped: they had waited too long.
        given_up: a worker was lost with them, twice, or they raised an error. restarts: of workers.
        waiting: pieces, now. busy: workers, now.
    """

    recognized: int = 0
    made_up: int = 0
    interims_dropped: int = 0
    finals_dropped: int = 0
    given_up: int = 0
    restarts: int = 0
    waiting: int = 0
    busy: int = 0


def make_instruments(meter: Meter, totals: Totals) -> None:
    """Make the plugin's instruments; any thread may run their callbacks."""

    def dropped(_: CallbackOptions) -> Iterator[Observation]:
        yield Observation(totals.interims_dropped, {"final": False})
        yield Observation(totals.finals_dropped, {"final": True})

    def read(name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        return lambda _: [Observation(getattr(totals, name))]

    for name, callback, unit, text in (
        ("recognized", read("recognized"), "{piece}", "Pieces of speech that were recognised."),
        ("made_up", read("made_up"), "{piece}", "Pieces that were no speech, whatever the model said."),
        ("dropped", dropped, "{piece}", "Pieces dropped, since no worker had time for them."),
        ("given_up", read("given_up"), "{piece}", "Pieces that no worker could recognise."),
        ("restarts", read("restarts"), "{process}", "Worker processes that were lost and started again."),
    ):
        meter.create_observable_counter(f"whisper.{name}", [callback], unit, text)
    for name, unit, text in (
        ("waiting", "{piece}", "Pieces of speech that wait for a worker."),
        ("busy", "{process}", "Workers that recognise something."),
    ):
        meter.create_observable_gauge(f"whisper.{name}", [read(name)], unit, text)
