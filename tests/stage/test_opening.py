"""The `open` of a call without a client says what the facts say."""

from __future__ import annotations

from datetime import UTC, datetime

from audiohook_fw.protocol import MediaFormat, Participant
from audiohook_fw.session import CallFacts
from audiohook_fw.stage import open_message

ID = "30b0e395-84d3-4570-ac13-9a62d8f514c0"


def test_it_says_what_the_facts_say() -> None:
    facts = CallFacts(
        session_id=ID,
        correlation_id=ID,
        organization_id="d7934305-0972-4844-938e-9060eef73d05",
        conversation_id="e160e428-53e2-487c-977d-96989bf5c99d",
        participant=Participant(id=ID, dnis="tel:+491"),
        key_name="k",
        product="monitor",
        offers=(MediaFormat("L16", ("internal",)),),
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        language="de",
    )
    message = open_message(facts)
    assert (message.organization_id, message.conversation_id) == (
        facts.organization_id,
        facts.conversation_id,
    )
    assert message.media == [{"type": "audio", "format": "L16", "channels": ["internal"], "rate": 8000}]
    assert (message.participant, message.language) == (facts.participant, "de")
    assert (message.custom_config, message.continued_sessions, message.supported_languages) == (None,) * 3
