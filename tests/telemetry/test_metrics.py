"""Metrics: the table, plain counting, bounds, and the Prometheus text."""

from __future__ import annotations

import gc
import math
import re
import threading
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from audiohook_fw.telemetry import METRICS, OTHER, Counter, Metric, Metrics
from audiohook_fw.telemetry.metrics import SETS


def samples(metrics: Metrics) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Return the rendered samples by name and labels."""
    body, content_type = metrics.render()
    assert content_type.startswith("text/plain")
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


@pytest.fixture
def metrics():
    metrics = Metrics()
    yield metrics
    metrics.shutdown()


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_the_table_is_well_formed(metric):
    assert re.fullmatch(r"audiohook(\.[a-z_]+)+", metric.name)
    assert metric.description.endswith(".")
    assert re.fullmatch(r"1|s|By|\{[a-z]+\}", metric.unit)
    assert bool(metric.buckets) is (metric.kind == "histogram")
    assert list(metric.buckets) == sorted(set(metric.buckets))
    assert all(re.fullmatch(r"[a-z]+", name) for name in metric.attributes)


def test_no_two_names_are_one_in_prometheus(metrics):
    names = [name.replace(".", "_") for name in METRICS]
    assert len(set(names)) == len(names)


def test_every_metric_can_be_counted_and_is_rendered(metrics):
    for metric in METRICS.values():
        values = dict.fromkeys(metric.attributes, "x")
        match metric.kind:
            case "counter":
                metrics.counter(metric.name, **values).value += 2
            case "gauge":
                metrics.gauge(metric.name, lambda: 2, **values)
            case "histogram":
                metrics.histogram(metric.name).record(2, **values)
    found = samples(metrics)
    unit = {"s": "_seconds", "By": "_bytes"}
    for metric in METRICS.values():
        name = metric.name.replace(".", "_")
        suffix = unit.get(metric.unit, "")
        name = name if name.endswith(suffix) else name + suffix
        name += {"counter": "_total", "gauge": "", "histogram": "_sum"}[metric.kind]
        assert found[name] == {tuple(sorted((key, "x") for key in metric.attributes)): 2}, metric.name


def test_the_same_attributes_are_the_same_counter(metrics):
    counter = metrics.counter("audiohook.hook.faults", plugin="vad", hook="on_audio")
    assert metrics.counter("audiohook.hook.faults", hook="on_audio", plugin="vad") is counter
    assert metrics.counter("audiohook.hook.faults", plugin="asr", hook="on_audio") is not counter
    counter.add()
    counter.add(2)
    assert metrics.value("audiohook.hook.faults", plugin="vad", hook="on_audio") == 3
    assert metrics.value("audiohook.hook.faults", plugin="asr", hook="on_audio") == 0
    assert repr(counter) == "Counter(3)"


def test_counters_without_attributes_show_zero_at_once(metrics):
    found = samples(metrics)
    assert found["audiohook_audio_frames_total"] == {(): 0}
    assert "audiohook_hook_faults_total" not in found


def test_gauges_are_read_at_each_scrape_and_replaced(metrics):
    values = iter([1, 2])
    metrics.gauge("audiohook.lane.bytes", lambda: next(values))
    assert samples(metrics)["audiohook_lane_bytes"] == {(): 1}
    assert samples(metrics)["audiohook_lane_bytes"] == {(): 2}
    metrics.gauge("audiohook.lane.bytes", lambda: 9)
    assert samples(metrics)["audiohook_lane_bytes"] == {(): 9}


def test_a_gauge_that_fails_spoils_only_itself(metrics, caplog):
    metrics.gauge("audiohook.lane.bytes", lambda: 1 / 0)
    metrics.gauge("audiohook.connections", lambda: 3)
    found = samples(metrics)
    assert "audiohook_lane_bytes" not in found
    assert found["audiohook_connections"] == {(): 3}
    assert "ZeroDivisionError" in caplog.text


def test_histograms_have_the_tables_buckets(metrics):
    for value in (0.004, 0.2, 99):
        metrics.histogram("audiohook.rtt").record(value)
    found = samples(metrics)
    buckets = {
        float(dict(labels)["le"]): value for labels, value in found["audiohook_rtt_seconds_bucket"].items()
    }
    assert list(buckets) == [*METRICS["audiohook.rtt"].buckets, math.inf]
    assert (buckets[0.005], buckets[0.25], buckets[10.0], buckets[math.inf]) == (1, 2, 2, 3)
    assert found["audiohook_rtt_seconds_count"] == {(): 3}


def test_labels_hold_what_the_table_says_and_no_scope(metrics):
    metrics.counter("audiohook.client.errors", code="429").value += 1
    assert samples(metrics)["audiohook_client_errors_total"] == {(("code", "429"),): 1}
    assert b"otel_scope" not in metrics.render()[0]


def test_the_service_is_in_target_info():
    metrics = Metrics(service={"service.name": "svc", "service.instance.id": "node-1"})
    labels = (("service_instance_id", "node-1"), ("service_name", "svc"))
    assert samples(metrics)["target_info"] == {labels: 1}


def test_attribute_sets_are_bounded(metrics):
    counters = {id(metrics.counter("audiohook.events.emitted", type=f"t{i}")) for i in range(SETS * 2)}
    assert len(counters) == SETS
    metrics.counter("audiohook.events.emitted", type="one more").value += 5
    metrics.counter("audiohook.events.emitted", type="t3").value += 1
    found = samples(metrics)["audiohook_events_emitted_total"]
    assert len(found) == SETS
    assert found[(("type", OTHER),)] == 5
    assert found[(("type", "t3"),)] == 1


def test_attribute_sets_of_histograms_are_bounded(metrics):
    histogram = metrics.histogram("audiohook.decision.duration")
    for i in range(SETS + 10):
        histogram.record(0.1, plugin=f"p{i}")
    counts = samples(metrics)["audiohook_decision_duration_seconds_count"]
    assert len(counts) == SETS
    assert counts[(("plugin", OTHER),)] == 11


@given(st.lists(st.text(max_size=5), max_size=30))
def test_any_text_may_be_a_value(texts):
    metrics = Metrics({"audiohook.x": Metric("audiohook.x", "counter", "1", "X.", ("type",))})
    for text in texts:
        metrics.counter("audiohook.x", type=text).value += 1
    found = samples(metrics).get("audiohook_x_total", {})
    assert sum(found.values()) == len(texts)
    metrics.shutdown()


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda m: m.counter("audiohook.nothing"), "no counter"),
        (lambda m: m.counter("audiohook.rtt"), "no counter"),
        (lambda m: m.histogram("audiohook.audio.frames"), "no histogram"),
        (lambda m: m.gauge("audiohook.audio.frames", lambda: 1), "no gauge"),
        (
            lambda m: m.counter("audiohook.hook.faults", plugin="x"),
            r"attributes \(plugin, hook\), not \(plugin\)",
        ),
        (lambda m: m.counter("audiohook.audio.frames", plugin="x"), r"attributes \(\), not \(plugin\)"),
        (lambda m: m.histogram("audiohook.decision.duration").record(1), r"\(plugin\), not \(none\)"),
        (lambda m: m.value("audiohook.sessions", reason="x"), r"\(outcome\), not \(reason\)"),
    ],
)
def test_mistakes_in_code_are_told(metrics, call, problem):
    with pytest.raises(ValueError, match=problem):
        call(metrics)


def test_many_live_side_by_side():
    several = [Metrics() for _ in range(20)]
    for number, metrics in enumerate(several):
        metrics.counter("audiohook.audio.frames").value += number
    for number, metrics in enumerate(several):
        assert samples(metrics)["audiohook_audio_frames_total"] == {(): number}
        metrics.shutdown()
        metrics.shutdown()


def test_nothing_holds_metrics_that_were_shut_down():
    metrics = Metrics()
    metrics.render()
    metrics.shutdown()
    gone = weakref.ref(metrics)
    del metrics
    gc.collect()
    assert gone() is None


def test_scrapes_while_counters_are_made(metrics):
    stop = threading.Event()

    def make() -> None:
        number = 0
        while not stop.is_set() and number < SETS - 1:
            metrics.counter("audiohook.events.emitted", type=str(number)).value += 1
            number += 1

    thread = threading.Thread(target=make)
    thread.start()
    try:
        totals = [sum(samples(metrics).get("audiohook_events_emitted_total", {}).values()) for _ in range(5)]
    finally:
        stop.set()
        thread.join()
    assert totals == sorted(totals)


def test_a_counter_holds_one_number_and_nothing_else():
    counter = Counter()
    with pytest.raises(AttributeError):
        counter.other = 1


def test_instruments_of_plugins_are_rendered_beside_those_of_the_table(metrics):
    metrics.meter.create_counter("acme.calls", "{call}", "Calls.").add(2, {"queue": "Sales"})
    found = samples(metrics)
    assert found["acme_calls_total"] == {(("queue", "Sales"),): 2}
    assert "audiohook_audio_frames_total" in found
