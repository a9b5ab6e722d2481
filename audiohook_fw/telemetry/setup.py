"""`setup`: where the OpenTelemetry SDK is put together, once per process (`scrape` does it for metrics)."""

from __future__ import annotations

import os
import platform
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from threading import Thread
from typing import TYPE_CHECKING, Final, Protocol

from opentelemetry import trace
from opentelemetry.trace import ProxyTracerProvider

from audiohook_fw.errors import ConfigError

from .metrics import Metrics
from .tracing import Tracing

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

__all__ = ["Telemetry", "TelemetryLike", "setup"]

EXPORT_MILLISECONDS: Final = 1_000.0
"""Between two exports of spans. With the SDK's own 5 s the exporter's thread computes longer at a time:
beside 100 calls that come and go in a second, a frame's lag (p99) was 6 ms instead of 3."""


class TelemetryLike(Protocol):
    """The settings that `setup` needs; the section `telemetry` of the configuration has them."""

    @property
    def traces(self) -> str:
        """`none`, `otlp` or `console`."""

    @property
    def otlp_endpoint(self) -> str:
        """URL of the collector without `/v1/traces`; empty for OpenTelemetry's own default."""

    @property
    def service_name(self) -> str:
        """`service.name`."""

    @property
    def sample_ratio(self) -> float:
        """Share of calls traced, 0 to 1."""

    @property
    def personal_data(self) -> bool:
        """Let attributes about persons through."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What the server counts and traces with."""

    tracing: Tracing
    metrics: Metrics
    _provider: TracerProvider | None = None

    def shutdown(self, timeout: float = 5.0) -> None:
        """Send what is pending, for at most `timeout` seconds. Blocks: call it in a thread."""
        self.metrics.shutdown()
        if self._provider is not None:
            # The SDK waits 30 s for a collector that is down; a daemon thread may be left behind.
            worker = Thread(target=self._provider.shutdown, name="audiohook-telemetry-shutdown", daemon=True)
            worker.start()
            worker.join(timeout)


def setup(
    settings: TelemetryLike, *, node: str = "", exporter: SpanExporter | None = None, install: bool = True
) -> Telemetry:
    """Set up traces and metrics as the settings say.

    Args:
        settings: the section `telemetry`.
        node: `service.instance.id`; empty takes the host's name.
        exporter: where spans go instead of where `settings.traces` says.
        install: make the provider the process-wide one, so that spans of plugins and libraries join in;
            an application that set up its own keeps it.

    Raises:
        ConfigError: `traces` is `otlp` and the extra `audiohook-fw[otlp]` is not installed.
    """
    service = {
        "service.name": settings.service_name,
        "service.version": version("audiohook-fw"),
        "service.instance.id": node or socket.gethostname(),
    }
    metrics = Metrics(service=service)
    metrics.gauge(
        "audiohook.build.info",
        lambda: 1,
        version=service["service.version"],
        python=platform.python_version(),
    )
    exporter = exporter or _exporter(settings)
    if exporter is None:
        return Telemetry(Tracing(personal_data=settings.personal_data), metrics)
    provider = _provider(exporter, service, settings.sample_ratio)
    if install and isinstance(trace.get_tracer_provider(), ProxyTracerProvider):
        trace.set_tracer_provider(provider)
    return Telemetry(Tracing(provider, personal_data=settings.personal_data), metrics, provider)


def _provider(exporter: SpanExporter, service: Mapping[str, str], ratio: float) -> TracerProvider:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(ratio)),
        resource=Resource.create(dict(service)),
        shutdown_on_exit=False,
    )
    # OpenTelemetry's own variable goes before ours.
    delay = None if "OTEL_BSP_SCHEDULE_DELAY" in os.environ else EXPORT_MILLISECONDS
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=delay))
    return provider


def _exporter(settings: TelemetryLike) -> SpanExporter | None:
    if settings.traces == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter(out=sys.stderr)
    if settings.traces == "otlp":
        return _otlp(settings.otlp_endpoint)
    return None


def _otlp(endpoint: str) -> SpanExporter:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as error:
        raise ConfigError(
            "telemetry.traces",
            "otlp needs an extra: pip install 'audiohook-fw[otlp]' (in a clone of audiohook_fw: "
            "pip install '.[otlp]'); or set it to none or console",
        ) from error
    return OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces" if endpoint else None)
