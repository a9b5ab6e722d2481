"""What a server counts of the messages of its connections."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from audiohook_fw.protocol import PingReceived
from audiohook_fw.server.counting import RTTS, Counting
from audiohook_fw.telemetry import Metrics


def rtts(metrics: Metrics) -> list[float]:
    """Return number and sum of the recorded round-trip times."""
    samples = {
        sample.name: sample.value
        for family in text_string_to_metric_families(metrics.render()[0].decode())
        for sample in family.samples
    }
    return [samples.get(f"audiohook_rtt_seconds_{what}", 0.0) for what in ("count", "sum")]


def test_one_round_trip_time_in_eight_is_recorded_the_first_of_all_among_them() -> None:
    metrics = Metrics()
    counting = Counting(metrics)
    counting.received(PingReceived(1, None))
    assert rtts(metrics) == [0, 0], "a first ping has none"
    for seq in range(2 * RTTS + 1):
        counting.received(PingReceived(seq, 0.5 if seq % RTTS == 0 else 100.0))
    assert rtts(metrics) == [3, 1.5]
    assert metrics.value("audiohook.messages.received", type="ping") == 2 * RTTS + 2
