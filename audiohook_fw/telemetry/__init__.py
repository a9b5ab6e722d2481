"""Traces, metrics and logs. The rest of the code touches opentelemetry-api only, and mostly not even that."""

from __future__ import annotations

from . import attributes
from .attributes import ATTRIBUTES, EVENTS, PERSONAL, SPANS
from .limited import LimitedLogger
from .logging import (
    CONTEXT_FIELDS,
    JsonFormatter,
    TextFormatter,
    current_context,
    log_context,
    set_log_context,
    setup_logging,
)
from .metrics import OTHER, Counter, HistogramOf, Metrics
from .setup import Telemetry, TelemetryLike, setup
from .table import METRICS, Metric
from .tracing import Tracing, tracer

__all__ = [
    "ATTRIBUTES",
    "CONTEXT_FIELDS",
    "EVENTS",
    "METRICS",
    "OTHER",
    "PERSONAL",
    "SPANS",
    "Counter",
    "HistogramOf",
    "JsonFormatter",
    "LimitedLogger",
    "Metric",
    "Metrics",
    "Telemetry",
    "TelemetryLike",
    "TextFormatter",
    "Tracing",
    "attributes",
    "current_context",
    "log_context",
    "set_log_context",
    "setup",
    "setup_logging",
    "tracer",
]
