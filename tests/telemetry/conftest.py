"""Tracing that ends in memory, and logging that leaves no trace in the process."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from audiohook_fw.telemetry import Tracing


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(spans: InMemorySpanExporter) -> Iterator[TracerProvider]:
    provider = TracerProvider(resource=Resource({}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    yield provider
    provider.shutdown()


@pytest.fixture
def tracing(provider: TracerProvider) -> Tracing:
    return Tracing(provider)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """A place for log records; what `setup_logging` changes is put back."""
    loggers = [logging.getLogger()]
    loggers += [x for x in logging.root.manager.loggerDict.values() if isinstance(x, logging.Logger)]
    levels = {logger: logger.level for logger in loggers}
    handlers = list(logging.root.handlers)
    yield io.StringIO()
    logging.root.handlers[:] = handlers
    for logger in [logging.root, *map(logging.getLogger, list(logging.root.manager.loggerDict))]:
        logger.setLevel(levels.get(logger, logging.NOTSET))
