"""`telemetry.md`: every metric, span, span event and attribute, from the tables that the code uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from audiohook_fw.telemetry import ATTRIBUTES, EVENTS, METRICS, PERSONAL, SPANS, Metric, Metrics

from .markdown import code, table

__all__ = ["exported", "page"]

_HEAD: Final = """\
# Metrics and spans

Made from the tables in `audiohook_fw/telemetry` by `make docs`. How to get at them: `/metrics` is on the
[admin port](http.md); where traces go is set in [`telemetry`](settings.md#telemetry).

## Metrics

The third column is how Prometheus shows the metric: dots become underscores, the unit and `_total` are
added. Attributes are Prometheus' labels. No metric names a call or a person; of every metric at most
1,000 sets of attributes are kept, what comes after counts as `other`."""

_SPANS: Final = """\
## Spans

One trace per call. `audiohook.session` is its root, and a child of the client's own trace when the
upgrade request brings `traceparent`. The other spans are its children; a plugin's own spans nest by
themselves, because lanes run in the context of the call. Nothing is recorded per frame."""

_EVENTS: Final = """\
## Span events

On `audiohook.session`, with the attributes that fit, `audiohook.position` among them where call time
matters."""

_ATTRIBUTES: Final = """\
## Attributes

Of spans and span events. What is not listed here is never exported."""

_PERSONAL: Final = """\
## Attributes about people

Only with `telemetry.personal_data`."""


def page() -> str:
    """Return the text of the page."""
    rows = [_row(metric) for metric in METRICS.values()]
    buckets = [(f"`{m.name}`", ", ".join(f"{b:g}" for b in m.buckets)) for m in METRICS.values() if m.buckets]
    return (
        "\n\n".join(
            [
                _HEAD,
                table(("metric", "kind", "in Prometheus", "unit", "attributes", "meaning"), rows),
                "Upper bounds of the histograms:",
                table(("metric", "buckets"), buckets),
                *_named(_SPANS, "span", SPANS),
                *_named(_EVENTS, "event", EVENTS),
                *_named(_ATTRIBUTES, "attribute", ATTRIBUTES),
                *_named(_PERSONAL, "attribute", PERSONAL),
            ]
        )
        + "\n"
    )


def exported(metric: Metric) -> str:
    """Return the name under which Prometheus' text shows a metric: it is really exported, and read back."""
    metrics = Metrics({metric.name: metric})
    attributes = dict.fromkeys(metric.attributes, "x")
    try:
        if metric.kind == "counter":
            metrics.counter(metric.name, **attributes).add(1)
        elif metric.kind == "gauge":
            metrics.gauge(metric.name, lambda: 1, **attributes)
        else:
            metrics.histogram(metric.name).record(1.0, **attributes)
        text = metrics.render()[0].decode()
    finally:
        metrics.shutdown()
    (name,) = re.findall(r"^# TYPE (audiohook_\w+) ", text, re.MULTILINE)
    return str(name)


def _row(metric: Metric) -> tuple[str, ...]:
    attributes = ", ".join(code(name) for name in metric.attributes)
    shown = code(exported(metric))
    return code(metric.name), metric.kind, shown, code(metric.unit), attributes, metric.description


def _named(head: str, kind: str, names: Mapping[str, str]) -> tuple[str, str]:
    return head, table((kind, "meaning"), [(code(name), meaning) for name, meaning in names.items()])
