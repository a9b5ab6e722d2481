"""What the span of a call says of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from audiohook_fw.protocol import MediaFormat, Participant
from audiohook_fw.session import CallFacts
from audiohook_fw.session.trace import CallTrace
from audiohook_fw.telemetry import Tracing

PEOPLE = {
    "audiohook.pii.ani": "tel:+4930111",
    "audiohook.pii.ani_name": "Ada",
    "audiohook.pii.dnis": "tel:+4930222",
}


def attributes_of(*, personal_data: bool, **facts: Any) -> dict[str, Any]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    given = CallFacts(
        session_id="s",
        correlation_id="c",
        organization_id="o",
        conversation_id="v",
        participant=Participant(
            id="e160e428-53e2-487c-977d-96989bf5c99d", ani="tel:+4930111", ani_name="Ada", dnis="tel:+4930222"
        ),
        key_name="main",
        product="monitor",
        offers=(MediaFormat("PCMU", ("external",)),),
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        **facts,
    )
    trace = CallTrace(Tracing(provider, personal_data=personal_data), given, None, node="gateway-1")
    trace.ended(None)
    (span,) = (s for s in exporter.get_finished_spans() if s.name == "audiohook.session")
    return dict(span.attributes or {})


@pytest.mark.parametrize("attempt", [None, 0, 3])
def test_the_retry_attempt_is_told_when_the_client_tells_it(attempt: int | None) -> None:
    told = attributes_of(personal_data=False, retry_attempt=attempt)
    assert told.get("audiohook.retry.attempt") == attempt
    assert told["audiohook.node"] == "gateway-1"


def test_people_are_named_only_where_the_settings_allow_it() -> None:
    assert not PEOPLE.keys() & attributes_of(personal_data=False).keys()
    assert PEOPLE.items() <= attributes_of(personal_data=True).items()
