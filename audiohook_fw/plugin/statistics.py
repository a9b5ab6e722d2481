"""What is counted of plugins: per process as metrics, per call as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

__all__ = ["CallStatistics", "Counter", "Histogram", "LocalMetrics", "Metrics", "PluginCounters"]


class Counter(Protocol):
    """A number that grows."""

    value: int | float


class Histogram(Protocol):
    """Where values of one kind go."""

    def record(self, value: float, **attributes: str) -> None:
        """Record one value."""


class Metrics(Protocol):
    """What is used of `audiohook_fw.telemetry.Metrics`."""

    def counter(self, name: str, **attributes: str) -> Counter:
        """Return the counter of that name and those attributes, always the same one."""

    def gauge(self, name: str, read: Callable[[], float], **attributes: str) -> None:
        """Call `read` whenever the value is wanted."""

    def histogram(self, name: str) -> Histogram:
        """Return the histogram of that name."""


class _LocalCounter:
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: int | float = 0


class _LocalHistogram:
    def __init__(self) -> None:
        self.values: list[float] = []

    def record(self, value: float, **attributes: str) -> None:
        self.values.append(value)


class LocalMetrics:
    """Metrics that nobody exports: for tests and tools."""

    def __init__(self) -> None:
        self._counters: dict[tuple[str, frozenset[tuple[str, str]]], _LocalCounter] = {}
        self._gauges: dict[tuple[str, frozenset[tuple[str, str]]], Callable[[], float]] = {}
        self._histograms: dict[str, _LocalHistogram] = {}

    def counter(self, name: str, **attributes: str) -> Counter:
        """Return the counter of that name and those attributes."""
        return self._counters.setdefault((name, frozenset(attributes.items())), _LocalCounter())

    def gauge(self, name: str, read: Callable[[], float], **attributes: str) -> None:
        """Keep the callback for `value`."""
        self._gauges[name, frozenset(attributes.items())] = read

    def histogram(self, name: str) -> Histogram:
        """Return the histogram of that name."""
        return self._histograms.setdefault(name, _LocalHistogram())

    def value(self, name: str, **attributes: str) -> float:
        """Return what a counter or gauge stands at; 0 when it was never used."""
        key = (name, frozenset(attributes.items()))
        if key in self._gauges:
            return self._gauges[key]()
        return self._counters[key].value if key in self._counters else 0


class PluginCounters:
    """The counters of one plugin over all calls of the process."""

    __slots__ = (
        "_metrics",
        "_name",
        "dropped_events",
        "dropped_frames",
        "dropped_seconds",
        "failures",
        "filtered",
        "refused_events",
    )

    def __init__(self, metrics: Metrics, name: str) -> None:
        self._metrics = metrics
        self._name = name
        self.dropped_frames = metrics.counter("audiohook.lane.dropped.frames", plugin=name)
        self.dropped_seconds = metrics.counter("audiohook.lane.dropped.duration", plugin=name)
        self.dropped_events = metrics.counter("audiohook.lane.dropped.events", plugin=name)
        self.failures = metrics.counter("audiohook.lane.failures", plugin=name)
        self.filtered = metrics.counter("audiohook.events.filtered", plugin=name)
        self.refused_events = metrics.counter("audiohook.events.refused", plugin=name)

    def fault(self, hook: str) -> None:
        """Count a hook that raised or answered nonsense."""
        self._metrics.counter("audiohook.hook.faults", plugin=self._name, hook=hook).value += 1

    def late(self, hook: str) -> None:
        """Count a hook that did not return before its deadline."""
        self._metrics.counter("audiohook.hook.timeouts", plugin=self._name, hook=hook).value += 1

    def slow(self, hook: str) -> None:
        """Count a hook that ran for long."""
        self._metrics.counter("audiohook.hook.slow", plugin=self._name, hook=hook).value += 1

    def quarantine(self, scope: str) -> None:
        """Count a quarantine, of one `call` or of the `process`."""
        self._metrics.counter("audiohook.quarantines", plugin=self._name, scope=scope).value += 1

    def closed(self, seconds: float) -> None:
        """Record how long `on_close` took."""
        self._metrics.histogram("audiohook.on_close.duration").record(seconds, plugin=self._name)


@dataclass(frozen=True, slots=True)
class CallStatistics:
    """How one plugin fares in one call; `session.delivery` shows it to the plugin itself.

    Attributes:
        plugin: its name.
        in_lane: whether its events go through a lane.
        faults: hooks that raised.
        dropped: samples per channel that its lane dropped to stay fresh; frames told of them as gaps.
        refused: samples per channel that came after its lane had failed, and never reached it.
        dropped_events: plugin events that its lane dropped.
        waiting: items that wait in its lane.
        failed: its lane could not hold what came in, and takes nothing but `on_close` and `on_end`.
        quarantined: it failed too often, and gets nothing but `on_close` and `on_end`.
    """

    plugin: str
    in_lane: bool = False
    faults: int = 0
    dropped: int = 0
    refused: int = 0
    dropped_events: int = 0
    waiting: int = 0
    failed: bool = False
    quarantined: bool = False
