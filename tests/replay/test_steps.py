"""What a recorded call is: with nothing but its id and media it can be replayed."""

from __future__ import annotations

import pytest

from audiohook_fw import CloseReason, Session, hookimpl
from audiohook_fw.protocol import ContinuedSession
from audiohook_fw.replay import RecordedCall, replay

from .conftest import ID, STEREO


def test_plugins_see_the_facts() -> None:
    seen: list[object] = []

    class Looks:
        @hookimpl
        def on_opened(self, session: Session) -> None:
            seen.append([session.id, session.key_name, session.product, session.language, session.media])
            seen.append([session.retry_attempt, session.continued_sessions, session.offers])
            seen.append([session.conversation_id, session.participant.id])

        @hookimpl
        def on_close(self, reason: CloseReason) -> None:
            seen.append(reason)

    before = ContinuedSession(id=ID, serverseq=0, clientseq=0)
    call = RecordedCall(
        ID,
        STEREO,
        conversation_id="e160e428-53e2-487c-977d-96989bf5c99d",
        participant_id="883efee8-3d6c-4537-b500-6d7ca4b92fa0",
        key_name="sales",
        product="transcription",
        language="de",
        retry_attempt=2,
        continued_sessions=(before,),
        close_reason=CloseReason.LOST,
    )
    replay(call, [], [Looks], settings={})
    assert seen == [
        [ID, "sales", "transcription", "de", STEREO],
        [2, (before,), (STEREO,)],
        [call.conversation_id, call.participant_id],
        CloseReason.LOST,
    ]


def test_little_will_do() -> None:
    class Nothing:
        @hookimpl
        def on_opened(self) -> None: ...

    replayed = replay(RecordedCall(ID, STEREO), [], [Nothing], settings={})
    assert replayed.summary is not None
    assert replayed.summary.position == 0


def test_a_call_does_not_change() -> None:
    with pytest.raises(AttributeError):
        RecordedCall(ID, STEREO).session_id = "x"  # type: ignore[misc]
