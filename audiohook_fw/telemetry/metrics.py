"""`Metrics`: what is counted. Counting is adding to plain numbers; OpenTelemetry reads them when scraped.

An OpenTelemetry counter costs 8 µs an `add`, more than all the rest of a frame's way; `counter.value += 1`
costs 0.03 µs. Histograms go to the SDK directly: they are for events that come once in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from opentelemetry.metrics import CallbackOptions, Histogram, Meter, Observation

from .table import METRICS, Metric

__all__ = ["OTHER", "Counter", "HistogramOf", "Metrics"]

OTHER: Final = "other"
"""The value of every attribute once a metric has its full number of attribute sets."""

SETS: Final = 1_000
"""Attribute sets per metric. Values are bounded by plugins and protocol; this holds when they are not."""

Values = tuple[str, ...]


class Counter:
    """A number that only grows; on the frame path write `counter.value += 1`."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: int | float = 0

    def add(self, amount: float = 1) -> None:
        """Add to the value."""
        self.value += amount

    def __repr__(self) -> str:
        return f"Counter({self.value})"


class HistogramOf:
    """Where the values of one histogram go."""

    __slots__ = ("_histogram", "_sets")

    def __init__(self, histogram: Histogram, sets: _Sets) -> None:
        self._histogram = histogram
        self._sets = sets

    def record(self, value: float, **attributes: str) -> None:
        """Record one value, in the metric's unit. About 10 µs: not for every frame."""
        self._histogram.record(value, self._sets.bounded(attributes))


class Metrics:
    """All metrics of one server. Several may live in one process.

    Every method raises `ValueError` for a name that is not in `METRICS`, a name of another kind, or
    attributes other than the table says: these are mistakes in code, not in data.
    """

    def __init__(
        self, table: Mapping[str, Metric] = METRICS, *, service: Mapping[str, str] | None = None
    ) -> None:
        """Make all instruments; `service` (`service.name` …) describes the process in `target_info`."""
        from .scrape import Scrape  # the SDK is slow to import, and most commands count nothing

        self._table = table
        self._sets = {name: _Sets(metric) for name, metric in table.items()}
        self._counters: dict[str, dict[Values, Counter]] = {name: {} for name in table}
        self._gauges: dict[str, dict[Values, Callable[[], float]]] = {name: {} for name in table}
        self._histograms: dict[str, HistogramOf] = {}
        self._scrape = Scrape(service or {})
        for metric in table.values():
            self._make(metric, self._scrape.meter)

    @property
    def meter(self) -> Meter:
        """Where plugins make instruments of their own, which `render` shows beside those of the table."""
        return self._scrape.meter

    def counter(self, name: str, **attributes: str) -> Counter:
        """Return the counter for a name and attributes, always the same one: keep it on hot paths."""
        values = self._values(name, "counter", attributes)
        return self._counters[name].setdefault(values, Counter())

    def gauge(self, name: str, read: Callable[[], float], **attributes: str) -> None:
        """Call `read` for the value at each scrape, in place of an earlier callback. It must not block."""
        self._gauges[name][self._values(name, "gauge", attributes)] = read

    def histogram(self, name: str) -> HistogramOf:
        """Return the histogram of a name."""
        self._metric(name, "histogram")
        return self._histograms[name]

    def value(self, name: str, **attributes: str) -> float:
        """Return what a counter stands at, 0 when it was never used: for tests and admin pages."""
        values = self._values(name, "counter", attributes)
        counter = self._counters[name].get(values)
        return counter.value if counter else 0

    def render(self) -> tuple[bytes, str]:
        """Return all metrics in Prometheus' text format, and its content type."""
        return self._scrape.render()

    def shutdown(self) -> None:
        """Let go of the instruments; counting goes on without effect."""
        self._scrape.shutdown()

    def _metric(self, name: str, kind: str) -> Metric:
        metric = self._table.get(name)
        if metric is None or metric.kind != kind:
            raise ValueError(f"{name} is no {kind} in the table of metrics")
        return metric

    def _values(self, name: str, kind: str, attributes: Mapping[str, str]) -> Values:
        self._metric(name, kind)
        return tuple(self._sets[name].bounded(attributes).values())

    def _make(self, metric: Metric, meter: Meter) -> None:
        if metric.kind == "counter":
            if not metric.attributes:
                self.counter(metric.name)  # shows 0 before anything happened, so alerts see a first event
            meter.create_observable_counter(
                metric.name, [self._observe_counters(metric)], metric.unit, metric.description
            )
        elif metric.kind == "gauge":
            meter.create_observable_gauge(
                metric.name, [self._observe_gauges(metric)], metric.unit, metric.description
            )
        else:
            histogram = meter.create_histogram(
                metric.name,
                metric.unit,
                metric.description,
                explicit_bucket_boundaries_advisory=metric.buckets,
            )
            self._histograms[metric.name] = HistogramOf(histogram, self._sets[metric.name])

    def _observe_counters(self, metric: Metric) -> Callable[[CallbackOptions], Iterable[Observation]]:
        counters = self._counters[metric.name]

        def observe(_: CallbackOptions) -> Iterator[Observation]:
            for values, counter in tuple(counters.items()):
                yield Observation(counter.value, dict(zip(metric.attributes, values, strict=True)))

        return observe

    def _observe_gauges(self, metric: Metric) -> Callable[[CallbackOptions], Iterable[Observation]]:
        gauges = self._gauges[metric.name]

        def observe(_: CallbackOptions) -> Iterator[Observation]:
            for values, read in tuple(gauges.items()):
                yield Observation(read(), dict(zip(metric.attributes, values, strict=True)))

        return observe


class _Sets:
    """The attribute sets one metric has seen: bounded, whatever comes."""

    __slots__ = ("_metric", "_seen")

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self._seen: set[Values] = set()

    def bounded(self, attributes: Mapping[str, str]) -> dict[str, str]:
        """Return the attributes in the table's order; `other` for each once there are too many sets."""
        names = self._metric.attributes
        if len(attributes) != len(names) or not all(name in attributes for name in names):
            given = ", ".join(attributes) or "none"
            raise ValueError(f"{self._metric.name} has the attributes ({', '.join(names)}), not ({given})")
        values = tuple(str(attributes[name]) for name in names)
        if values not in self._seen:
            if len(self._seen) >= SETS - 1:
                return dict.fromkeys(names, OTHER)
            self._seen.add(values)
        return dict(zip(names, values, strict=True))
