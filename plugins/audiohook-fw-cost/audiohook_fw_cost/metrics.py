"""Observable instruments over all ledgers of the process: made once, read only when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final
from weakref import WeakSet

from opentelemetry.metrics import CallbackOptions, Observation, get_meter

from .ledger import Ledger
from .reasons import Reason

__all__ = ["hide", "show"]

_ledgers: Final[WeakSet[Ledger]] = WeakSet()
_made: list[object] = []


def show(ledger: Ledger) -> None:
    """Observe a ledger from now on."""
    _ledgers.add(ledger)
    if not _made:
        _make()


def hide(ledger: Ledger) -> None:
    """Observe a ledger no more."""
    _ledgers.discard(ledger)


def _make() -> None:
    meter = get_meter("audiohook_fw_cost")
    for name, read, unit, text in (
        ("audiohook.cost.duration", _durations, "s", "Call time by key and by what it was spent in"),
        ("audiohook.cost.amount", _amounts, "1", "What calls cost, by key and currency"),
        (
            "audiohook.cost.saved",
            _savings,
            "1",
            "What the server's pauses would have cost, by key and currency",
        ),
    ):
        _made.append(meter.create_observable_counter(name, [_observed(read)], unit, text))
    for name, read, unit, text in (
        ("audiohook.cost.pausing", _pausing, "{call}", "Calls that this plugin holds paused, by reason"),
        ("audiohook.cost.unsaved", _unsaved, "{call}", "Calls whose figures wait for the database"),
    ):
        _made.append(meter.create_observable_gauge(name, [_observed(read)], unit, text))


Read = Callable[[Ledger], Iterator[Observation]]


def _observed(read: Read) -> Callable[[CallbackOptions], Iterable[Observation]]:
    return lambda _: [observation for ledger in tuple(_ledgers) for observation in read(ledger)]


def _durations(ledger: Ledger) -> Iterator[Observation]:
    for key, totals in ledger.totals.published.items():
        for spent, seconds in totals.seconds.items():
            yield Observation(seconds, {"key": key, "spent": str(spent)})


def _amounts(ledger: Ledger) -> Iterator[Observation]:
    for key, totals in ledger.totals.published.items():
        yield Observation(totals.cost, {"key": key, "currency": ledger.currency})


def _savings(ledger: Ledger) -> Iterator[Observation]:
    for key, totals in ledger.totals.published.items():
        yield Observation(totals.saved, {"key": key, "currency": ledger.currency})


def _pausing(ledger: Ledger) -> Iterator[Observation]:
    holding = ledger.holding
    for reason in Reason:
        yield Observation(holding[reason], {"reason": str(reason)})


def _unsaved(ledger: Ledger) -> Iterator[Observation]:
    yield Observation(ledger.writer.waiting)
