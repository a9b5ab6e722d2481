"""Observable instruments over a ledger: nothing is added up for them before somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from .ledger import Ledger
from .reasons import Reason

__all__ = ["make_instruments"]

Read = Callable[[], Iterator[Observation]]


def make_instruments(meter: Meter, ledger: Ledger) -> None:
    """Make the plugin's instruments; any thread may run their callbacks."""

    def durations() -> Iterator[Observation]:
        for key, totals in ledger.totals.published.items():
            for spent, seconds in totals.seconds.items():
                yield Observation(seconds, {"key": key, "spent": str(spent)})

    def amounts() -> Iterator[Observation]:
        for key, totals in ledger.totals.published.items():
            yield Observation(totals.cost, {"key": key, "currency": ledger.tariff.currency})

    def savings() -> Iterator[Observation]:
        for key, totals in ledger.totals.published.items():
            yield Observation(totals.saved, {"key": key, "currency": ledger.tariff.currency})

    def pausing() -> Iterator[Observation]:
        holding = ledger.holding
        for reason in Reason:
            yield Observation(holding[reason], {"reason": str(reason)})

    def unsaved() -> Iterator[Observation]:
        yield Observation(ledger.writer.waiting)

    for name, read, unit, text in (
        ("cost.duration", durations, "s", "Call time, by key and what it was spent in."),
        ("cost.amount", amounts, "", "What calls cost, by key and currency."),
        (
            "cost.saved",
            savings,
            "1",
            "What the server's pauses would have cost, by key and currency.",
        ),
    ):
        meter.create_observable_counter(name, [_observed(read)], unit, text)
    for name, read, unit, text in (
        ("cost.pausing", pausing, "{call}", "Calls that this plugin holds paused, by reason."),
        ("cost.unsaved", unsaved, "{call}", "Calls whose figures wait for the database."),
    ):
        meter.create_observable_gauge(name, [_observed(read)], unit, text)


def _observed(read: Read) -> Callable[[CallbackOptions], Iterable[Observation]]:
    return lambda _: read()
