"""`GenesysMetrics`: the instruments of this plugin; none of their attributes names a call or a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from .errors import Outcome

__all__ = ["GenesysMetrics"]


class GenesysMetrics:
    """What is counted.

    Args:
        meter: of the server, `ServerContext.meter`.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._requests = meter.create_counter(
            "genesys.requests", "{request}", "Requests to the Platform API, by kind and outcome."
        )
        self._lookups = meter.create_histogram(
            "genesys.lookup.duration",
            "s",
            "From the wish to know a call's queue to the first word on it, by result.",
            explicit_bucket_boundaries_advisory=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
        )
        self._addresses = meter.create_counter(
            "genesys.addresses", "{connection}", "Connections whose address was checked, by result."
        )

    def request(self, kind: str, outcome: Outcome) -> None:
        """Count a request."""
        self._requests.add(1, {"kind": kind, "outcome": str(outcome)})

    def lookup(self, seconds: float, result: str) -> None:
        """Record a look-up."""
        self._lookups.record(seconds, {"result": result})

    def address(self, result: str) -> None:
        """Count a connection."""
        self._addresses.add(1, {"result": result})

    def gauge(self, name: str, unit: str, description: str, read: Callable[[], float | None]) -> None:
        """Show what `read` returns whenever somebody asks; `None` shows nothing."""

        def observe(_: CallbackOptions) -> Iterable[Observation]:
            value = read()
            return () if value is None else (Observation(value),)

        self._meter.create_observable_gauge(name, [observe], unit, description)
