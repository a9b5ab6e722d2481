"""`Scrape`: a meter whose instruments are read out as Prometheus text. Uses the SDK."""

from __future__ import annotations

from collections.abc import Mapping

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

__all__ = ["Scrape"]


class Scrape:
    """Own registry, own provider: nothing global, so that several live side by side."""

    def __init__(self, service: Mapping[str, str]) -> None:
        self._registry = CollectorRegistry()
        self._is_open = True
        reader = PrometheusMetricReader(scope_info_enabled=False, registry=self._registry)
        self._provider = MeterProvider(
            metric_readers=[reader],
            resource=Resource(dict(service)),
            exemplar_filter=AlwaysOffExemplarFilter(),
            shutdown_on_exit=False,
        )
        self.meter: Meter = self._provider.get_meter("audiohook_fw")
        """Where instruments are made."""

    def render(self) -> tuple[bytes, str]:
        """Return the text and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def shutdown(self) -> None:
        """Shut the provider down; twice does nothing."""
        if self._is_open:
            self._is_open = False
            self._provider.shutdown()
