"""Conversations to write down."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from audiohook_fw_transcripts.conversation import Snapshot

from audiohook_fw import Transcript

SESSION = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
CONVERSATION = "e160e428-53e2-487c-977d-96989bf5c99d"


def say(
    text: str, start: float = 0.0, length: float = 1.0, channel: str = "external", **more: Any
) -> Transcript:
    """Make a transcript; its place in seconds of 8 kHz."""
    return Transcript(
        channel=channel, text=text, start=round(start * 8_000), length=round(length * 8_000), **more
    )


@pytest.fixture(name="say", scope="session")
def _say() -> Any:
    return say


@pytest.fixture(scope="session")
def snapshot() -> Any:
    """Make a snapshot of utterances."""

    def make(*utterances: Transcript, **more: Any) -> Snapshot:
        known: dict[str, Any] = {
            "session_id": SESSION,
            "conversation_id": CONVERSATION,
            "organization_id": "d7934305-0972-4844-938e-9060eef73d05",
            "started_at": datetime(2026, 1, 1, tzinfo=UTC),
            "language": "en-US",
            "rate": 8_000,
            "state": "complete",
            "utterances": utterances,
        }
        return Snapshot(**(known | more))

    return make
