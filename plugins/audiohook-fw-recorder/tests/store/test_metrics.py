"""What `/metrics` shows of recordings that wait."""

from __future__ import annotations

import errno
from typing import Any

from audiohook_fw_recorder.finish import Finisher
from audiohook_fw_recorder.metrics import make_instruments
from audiohook_fw_recorder.owner import Owner
from audiohook_fw_recorder.settings import RecorderSettings
from audiohook_fw_recorder.span import SpanCounts
from audiohook_fw_recorder.writer import Writer
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource


def read(reader: InMemoryMetricReader) -> dict[str, dict[str, float]]:
    data = reader.get_metrics_data()
    assert data is not None
    metrics = data.resource_metrics[0].scope_metrics[0].metrics
    found: dict[str, dict[str, float]] = {}
    for metric in metrics:
        points = {"".join(map(str, (p.attributes or {}).values())): p.value for p in metric.data.data_points}
        found[metric.name] = points
    return found


def test_every_number_is_there(recorded: Any, owner: Owner) -> None:
    settings = RecorderSettings(directory=recorded.directory)
    finisher = Finisher(settings, owner, None)
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], resource=Resource({}))
    writer = Writer(0.9, 1000)
    make_instruments(provider.get_meter("test"), writer, finisher, SpanCounts(silenced=3, refused=1))
    writer.disk.refused(OSError(errno.ENOSPC, "No space left on device"), "a")
    writer.disk.loses(70)
    writer.disk.given_up = 5
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
        "recorder.disk.failures": {"ENOSPC": 1},
        "recorder.audio.lost": {"": 75},
        "recorder.redactions": {"silenced": 3, "refused": 1},
        "recorder.memory": {"": 0},
        "recorder.waiting": {"": 0},
        "recorder.waiting.size": {"": 0},
        "recorder.waiting.oldest": {"": 0},
    }
    provider.shutdown()
