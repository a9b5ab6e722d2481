"""`METRICS`: every metric of the core in one table. The reference in docs is tested against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["METRICS", "Metric"]

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: in OpenTelemetry; Prometheus writes `_` for `.` and adds unit and `_total`.
        kind: `counter`, `gauge` or `histogram`.
        unit: UCUM: `s`, `By`, `1`, or what is counted in braces.
        description: one sentence.
        attributes: names of its attributes, each with few values.
        buckets: upper bounds of a histogram, in its unit.
    """

    name: str
    kind: Kind
    unit: str
    description: str
    attributes: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


_SHORT: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0)
_LAG: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_LONG: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 20.0, 60.0)


def _counter(name: str, unit: str, description: str, *attributes: str) -> Metric:
    return Metric(f"audiohook.{name}", "counter", unit, description, attributes)


def _gauge(name: str, unit: str, description: str, *attributes: str) -> Metric:
    return Metric(f"audiohook.{name}", "gauge", unit, description, attributes)


def _histogram(name: str, buckets: tuple[float, ...], description: str, *attributes: str) -> Metric:
    return Metric(f"audiohook.{name}", "histogram", "s", description, attributes, buckets)


_TABLE: Final = (
    # connections and calls
    _gauge("build.info", "1", "Always 1; its attributes say what runs.", "version", "python"),
    _gauge("draining", "1", "1 while the server drains, else 0."),
    _gauge("connections", "{connection}", "Connections that are open now."),
    _counter("upgrades", "{request}", "Upgrades by result (accepted, refused) and why.", "result", "reason"),
    _gauge("sessions.active", "{session}", "Calls that are running now."),
    _counter("sessions", "{session}", "Calls by what became of `open` (accepted, rejected, probe, lost).",
             "outcome"),
    _counter("sessions.ended", "{session}", "Accepted calls that ended, by why (end, lost, …).", "reason"),
    _counter("disconnects", "{message}", "`disconnect` messages sent, by reason.", "reason"),
    _counter("reconnects", "{message}", "`reconnect` messages sent."),
    # audio
    _counter("audio.frames", "{frame}", "Audio frames delivered to plugins."),
    _counter("audio.bytes", "By", "Audio delivered to plugins."),
    _counter("audio.duration", "s", "Audio delivered to plugins, in call time."),
    _counter("audio.stray", "{frame}", "Frames that came while paused or closing, and were dropped."),
    _counter("pause.withheld", "{item}", "Frames (`audio`) and keys (`dtmf`) dropped because they came in "
             "what is, or may be, a pause of the client's own.", "what"),
    _counter("gaps.clamped", "{gap}", "Gaps the client claimed longer than possible."),
    # messages
    _counter("messages.received", "{message}", "Messages received, by type (or unknown).", "type"),
    _counter("messages.unknown", "{message}", "Messages of a type we do not know."),
    _counter("client.errors", "{message}", "`error` messages of clients, by code.", "code"),
    _counter("client.rate_limited", "{message}", "`error` 429 messages: the client wants us to send less."),
    _counter("protocol.errors", "{error}", "Rules that clients broke, by the code we answer.", "code"),
    _histogram("rtt", _SHORT, "Round-trip time as clients report it, of one `ping` in eight."),
    _histogram("open.duration", _SHORT, "From `open` to our answer.", "outcome"),
    _histogram("close.duration", _LONG, "From `close` to `closed`."),
    # outbox
    _counter("outbox.sent", "{message}", "Messages sent, by type.", "type"),
    _counter("outbox.dropped", "{event}", "Events not sent: full, closed, unsupported, duplicate.", "reason"),
    _counter("outbox.merged", "{event}", "Events sent as part of another, or replaced by a later one."),
    # plugins
    _gauge("plugins", "{plugin}", "Plugins, by status.", "status"),
    _gauge("lane.bytes", "By", "Audio that waits in all lanes."),
    _counter("lane.dropped.frames", "{frame}", "Frames a plugin was too slow for.", "plugin"),
    _counter("lane.dropped.duration", "s", "Audio a plugin was too slow for.", "plugin"),
    _counter("lane.dropped.events", "{event}", "Events a plugin was too slow for.", "plugin"),
    _counter("lane.failures", "{lane}", "Lanes that failed because they were full.", "plugin"),
    _counter("hook.faults", "{fault}", "Exceptions that plugins raised.", "plugin", "hook"),
    _counter("hook.timeouts", "{call}", "Hook calls that missed their deadline.", "plugin", "hook"),
    _gauge("hook.abandoned", "{call}", "Hook calls that were given up and still run.", "plugin"),
    _counter("hook.slow", "{call}", "Hook calls in lanes that ran for longer than `limits.slow_hook`.",
             "plugin", "hook"),
    _counter("loop.blocked", "{block}", "Times the event loop stood still for `limits.block_timeout`, and "
             "who ran (or `none`).", "plugin", "hook"),
    _histogram("loop.lag", _LAG, "How late the event loop is, four times a second."),
    _counter("quarantines", "{plugin}", "Plugins shut out, by scope (call, process).", "plugin", "scope"),
    _counter("events.emitted", "{event}", "Events that plugins emitted, by type.", "type"),
    _counter("events.filtered", "{event}", "Events that a filter dropped.", "plugin"),
    _counter("events.refused", "{event}", "Events dropped: too many waited, or too many hops.", "plugin"),
    _histogram("decision.duration", _SHORT, "Time a plugin took in `on_open`.", "plugin"),
    _histogram("on_close.duration", _LONG, "Time a plugin took in `on_close`.", "plugin"),
)  # fmt: skip

METRICS: Final[Mapping[str, Metric]] = {metric.name: metric for metric in _TABLE}
"""Every metric of the core by name."""
