"""What became of utterances is counted."""

from __future__ import annotations

from audiohook_fw_sentiment.totals import Outcome, Totals
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader


def test_the_metric_has_them_all() -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader], shutdown_on_exit=False)
    totals = Totals()
    totals.observe(provider.get_meter("test"))
    for engine, outcome in [("vader", Outcome.SCORED), ("vader", Outcome.SCORED), ("", Outcome.LANGUAGE)]:
        totals.count(engine, outcome)
    data = reader.get_metrics_data()
    assert data is not None
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    assert (metric.name, metric.unit) == ("sentiment.utterances", "{utterance}")
    points = {
        (str(p.attributes["engine"]), str(p.attributes["outcome"])): p.value
        for p in metric.data.data_points
        if p.attributes and hasattr(p, "value")
    }
    assert points == {("vader", "scored"): 2, ("none", "language"): 1}
    provider.shutdown()
