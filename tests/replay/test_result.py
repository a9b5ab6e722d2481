"""What came of a replay, as JSON."""

from __future__ import annotations

import json

from audiohook_fw import Accept, Reject, SpeechStarted
from audiohook_fw.replay import Emitted, Fault, Replayed, Wish


def test_all_of_it_is_there() -> None:
    event = SpeechStarted(channel="external", start=7)
    replayed = Replayed(
        Accept(),
        [Emitted(12_345, "vad", event)],
        [Wish(20_000, "disconnect", {"reason": "completed"})],
        [Fault("asr", "on_audio", ValueError("no"))],
        None,
        8000,
    )
    assert json.loads(json.dumps(replayed.as_dict())) == {
        "decision": "accepted",
        "rate": 8000,
        "position": 0,
        "events": [
            {
                "position": 12_345,
                "seconds": 1.543,
                "plugin": "vad",
                "type": "speech_started",
                "data": {"channel": "external", "start": 7},
            }
        ],
        "wishes": [{"position": 20_000, "seconds": 2.5, "wish": "disconnect", "reason": "completed"}],
        "faults": [{"plugin": "asr", "hook": "on_audio", "error": "ValueError: no"}],
    }


def test_a_rejection_has_its_reason() -> None:
    replayed = Replayed(Reject("completed", "x"), [], [], [], None, 8000)
    assert (replayed.as_dict()["decision"], replayed.as_dict()["reason"]) == ("rejected", "completed")
