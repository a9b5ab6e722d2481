"""`setup`: the SDK put together, bounded at its end, and nothing global but where asked."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from importlib.metadata import version

import pytest
from aiohttp import web
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from audiohook_fw.config import TelemetrySettings
from audiohook_fw.errors import ConfigError
from audiohook_fw.telemetry import attributes, setup


def _settings(**values: object) -> TelemetrySettings:
    return TelemetrySettings.model_validate(values)


def test_without_traces_only_metrics_count():
    telemetry = setup(_settings())
    assert not telemetry.tracing.start(attributes.SPAN_OPEN).is_recording()
    body = telemetry.metrics.render()[0].decode()
    assert f'version="{version("audiohook-fw")}"' in body
    assert "audiohook_build_info{" in body
    telemetry.shutdown()
    telemetry.shutdown()


def test_spans_say_which_service_they_come_from(spans):
    telemetry = setup(_settings(service_name="hook"), node="node-7", exporter=spans, install=False)
    telemetry.tracing.start(attributes.SPAN_OPEN).end()
    telemetry.shutdown()
    (span,) = spans.get_finished_spans()
    assert span.resource.attributes["service.name"] == "hook"
    assert span.resource.attributes["service.version"] == version("audiohook-fw")
    assert span.resource.attributes["service.instance.id"] == "node-7"


def test_the_provider_stays_ours_unless_installed(spans):
    setup(_settings(), exporter=spans, install=False).shutdown()
    assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


@pytest.mark.parametrize(("ratio", "own", "incoming"), [(0.0, 0, 1), (1.0, 1, 1)])
def test_sampling_follows_the_parent_first(spans, ratio, own, incoming):
    telemetry = setup(_settings(sample_ratio=ratio), exporter=spans, install=False)
    tracing = telemetry.tracing
    tracing.start(attributes.SPAN_OPEN).end()
    parent = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    tracing.start(attributes.SPAN_CLOSE, tracing.extract(parent)).end()
    telemetry.shutdown()
    names = [span.name for span in spans.get_finished_spans()]
    assert (names.count(attributes.SPAN_OPEN), names.count(attributes.SPAN_CLOSE)) == (own, incoming)


def test_personal_data_is_a_setting(spans):
    telemetry = setup(_settings(personal_data=True), exporter=spans, install=False)
    telemetry.tracing.start(attributes.SPAN_OPEN, attributes={attributes.PII_DNIS: "+43"}).end()
    telemetry.shutdown()
    assert spans.get_finished_spans()[0].attributes == {attributes.PII_DNIS: "+43"}


class Stuck(SpanExporter):
    """A collector that does not answer until it is let go."""

    def __init__(self) -> None:
        self.is_asked = threading.Event()
        self.release = threading.Event()

    def export(self, spans):
        self.is_asked.set()
        self.release.wait(30)
        return SpanExportResult.FAILURE

    def shutdown(self):
        """Nothing to let go."""


def test_shutdown_is_bounded():
    collector = Stuck()
    telemetry = setup(_settings(), exporter=collector, install=False)
    telemetry.tracing.start(attributes.SPAN_OPEN).end()
    telemetry.shutdown(0.1)
    assert not collector.release.is_set(), "shutdown came back although the collector is stuck"
    assert collector.is_asked.wait(10), "and it did try"
    collector.release.set()


def test_otlp_without_its_extra_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigError, match=r"pip install 'audiohook-fw\[otlp\]'") as caught:
        setup(_settings(traces="otlp"))
    assert caught.value.setting == "telemetry.traces"
    assert "in a clone of audiohook_fw: pip install '.[otlp]'" in str(caught.value)


def _run(code: str) -> subprocess.CompletedProcess[str]:
    """Run in a process of its own: what is installed there is process-wide."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )


HEAD = """
from opentelemetry import trace
from audiohook_fw.config import TelemetrySettings
from audiohook_fw.telemetry import attributes, setup
"""


def test_console_traces_go_to_standard_error_with_those_of_plugins():
    done = _run(
        HEAD
        + """
telemetry = setup(TelemetrySettings(traces="console"))
with telemetry.tracing.span(attributes.SPAN_SESSION):
    trace.get_tracer("plugin").start_span("plugin.work").end()
telemetry.shutdown()
"""
    )
    assert done.stdout == ""
    decoder, text, found = json.JSONDecoder(), done.stderr.strip(), {}
    while text:
        span, end = decoder.raw_decode(text)
        found[span["name"]] = span
        text = text[end:].strip()
    assert found["plugin.work"]["parent_id"] == found[attributes.SPAN_SESSION]["context"]["span_id"]


def test_the_provider_of_an_application_stays():
    done = _run(
        HEAD
        + """
from opentelemetry.sdk.trace import TracerProvider
own = TracerProvider()
trace.set_tracer_provider(own)
setup(TelemetrySettings(traces="console")).shutdown()
print(trace.get_tracer_provider() is own)
"""
    )
    assert (done.stdout.strip(), done.stderr) == ("True", "")


async def test_otlp_reaches_a_collector(monkeypatch):
    seen: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    async def collect(request: web.Request) -> web.Response:
        await seen.put((request.path, await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/base/v1/traces", collect)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        settings = _settings(traces="otlp", otlp_endpoint=f"http://127.0.0.1:{port}/base/")
        telemetry = setup(settings, install=False)
        telemetry.tracing.start(attributes.SPAN_OPEN).end()
        await asyncio.to_thread(telemetry.shutdown)
        path, body = await asyncio.wait_for(seen.get(), 10)
    finally:
        await runner.cleanup()
    assert path == "/base/v1/traces"
    assert attributes.SPAN_OPEN.encode() in body


class _Arrived(SpanExporter):
    """Notes that spans came, without being asked to flush."""

    def __init__(self) -> None:
        self.came = threading.Event()

    def export(self, spans: object) -> SpanExportResult:
        self.came.set()
        return SpanExportResult.SUCCESS


@pytest.mark.parametrize(("variable", "comes"), [(None, True), ("600000", False)])
def test_spans_are_exported_every_second_or_as_opentelemetrys_variable_says(monkeypatch, variable, comes):
    monkeypatch.setattr(sys.modules["audiohook_fw.telemetry.setup"], "EXPORT_MILLISECONDS", 50.0)
    if variable is None:
        monkeypatch.delenv("OTEL_BSP_SCHEDULE_DELAY", raising=False)
    else:
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", variable)
    exporter = _Arrived()
    telemetry = setup(_settings(), exporter=exporter, install=False)
    telemetry.tracing.start(attributes.SPAN_OPEN).end()
    assert exporter.came.wait(30.0 if comes else 0.5) is comes
    telemetry.shutdown()
