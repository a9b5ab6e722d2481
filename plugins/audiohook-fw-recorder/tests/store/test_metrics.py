"""What `/metrics` shows of recordings that wait."""

from __future__ import annotations

from typing import Any

from audiohook_fw_recorder.finish import Finisher
from audiohook_fw_recorder.metrics import make_instruments
from audiohook_fw_recorder.owner import Owner
from audiohook_fw_recorder.settings import RecorderSettings
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader


def read(reader: InMemoryMetricReader) -> dict[str, dict[str, float]]:
    data = reader.get_metrics_data()
    assert data is not None
    metrics = data.resource_metrics[0].scope_metrics[0].metrics
    found: dict[str, dict[str, float]] = {}
    for metric in metrics:
        points = {str((p.attributes or {}).get("kind", "")): p.value for p in metric.data.data_points}
        found[metric.name] = points
    return found


def test_every_number_is_there(recorded: Any, owner: Owner) -> None:
    settings = RecorderSettings(directory=recorded.directory)
    finisher = Finisher(settings, owner, None)
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    make_instruments(provider.get_meter("test"), finisher)
    finisher.counts.uploaded(1000)
    finisher.counts.uploaded(500)
    finisher.counts.failed("timeout", 0.0)
    finisher.counts.given_up("missing")
    found = read(reader)
    assert found == {
        "recorder.uploads": {"": 2},
        "recorder.uploaded": {"": 1500},
        "recorder.lost": {"": 1},
        "recorder.failures": {"timeout": 1, "missing": 1},
        "recorder.waiting": {"": 0},
        "recorder.waiting.size": {"": 0},
        "recorder.waiting.oldest": {"": 0},
    }
    provider.shutdown()
