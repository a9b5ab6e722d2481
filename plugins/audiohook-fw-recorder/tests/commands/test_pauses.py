"""Which pauses of a call were the client's, as its sidecar tells."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from audiohook_fw_recorder.commands.pauses import UnclearError, secure_pauses
from audiohook_fw_recorder.document import Document


def pause(position: int, origin: str | None = "client") -> dict[str, Any]:
    return {"type": "pause", "position": position, "origin": origin}


def resume(position: int) -> dict[str, Any]:
    return {"type": "resume", "position": position}


def gap(start: int, length: int, cause: str = "pause", **more: Any) -> dict[str, Any]:
    return {"start": start, "length": length, "cause": cause, **more}


def document(events: list[dict[str, Any]], gaps: list[dict[str, Any]], samples: int = 80_000) -> Document:
    channels = ["external", "internal"]
    audio = {"format": "wav", "encoding": "PCMU", "rate": 8000, "channels": channels, "samples": samples}
    return Document.model_validate(
        {
            "format": "audiohook-recording/1",
            "session_id": "a",
            "conversation_id": "c",
            "started_at": "2026-01-02T03:04:05+00:00",
            "state": "complete",
            "audio": {**audio, "files": [{"name": "a.wav", "channels": channels}]},
            "events": events,
            "gaps": gaps,
        }
    )


@pytest.mark.parametrize(
    ("events", "gaps", "expected"),
    [
        ([], [], []),
        ([pause(8000), resume(16_000)], [gap(8000, 8000)], [(8000, 16_000, "client")]),
        ([pause(8000, "unknown"), resume(16_000)], [gap(8000, 8000)], [(8000, 16_000, "unknown")]),
        ([pause(8000, "server"), resume(16_000)], [gap(8000, 8000)], []),
        # of whom a pause is may become known while it lasts
        ([pause(80, "server"), pause(80), resume(160)], [gap(80, 80)], [(80, 160, "client")]),
        ([pause(80), pause(80, "server"), resume(160)], [gap(80, 80)], [(80, 160, "client")]),
        ([pause(80, "server"), pause(80, "unknown"), resume(160)], [gap(80, 80)], [(80, 160, "unknown")]),
        # nobody says whose it is, or somebody that is not known here
        ([pause(80, None), resume(160)], [gap(80, 80)], [(80, 160, "unknown")]),
        ([pause(80, "agent"), resume(160)], [gap(80, 80)], [(80, 160, "unknown")]),
        # a client whose clock stands still in its pauses
        ([pause(8000), resume(8000)], [], [(8000, 8000, "client")]),
        # gaps that no event tells of, alone and joined to one that is told of
        ([], [gap(80, 80), gap(200, 10, "discarded")], [(80, 160, "unknown")]),
        (
            [pause(160, "server"), resume(240), pause(300), resume(400)],
            [gap(80, 240), gap(320, 200)],
            [(80, 160, "unknown"), (240, 300, "unknown"), (300, 400, "client"), (400, 520, "unknown")],
        ),
        # other events, and an end without a beginning
        ([{"type": "update", "position": "?"}, resume(80)], [], []),
    ],
)
def test_whose_pauses_there_were(
    events: list[dict[str, Any]], gaps: list[dict[str, Any]], expected: list[tuple[int, int, str]]
) -> None:
    found = secure_pauses(document(events, gaps))
    assert [(one.start, one.end, str(one.origin)) for one in found] == expected
    assert not any(one.is_open for one in found)


def test_what_else_is_known_of_a_pause() -> None:
    told = document([pause(16_000), resume(24_000), pause(80_000)], [gap(16_000, 8000, clamped=True)])
    first, last = secure_pauses(told)
    assert first.at - told.started_at == timedelta(seconds=2)
    assert (first.length, first.is_clamped, first.is_open, first.is_told) == (8000, True, False, True)
    assert (last.start, last.end, last.is_open, last.is_clamped) == (80_000, 80_000, True, False)
    [untold] = secure_pauses(document([], [gap(0, 80)]))
    assert not untold.is_told


def test_a_call_may_end_in_a_pause_that_its_recording_has_time_of() -> None:
    [last] = secure_pauses(document([pause(8000)], [], samples=20_000))
    assert (last.start, last.end, last.is_open) == (8000, 20_000, True)


@pytest.mark.parametrize("position", [None, "8000", -1, 1.5, True, 10**30])
def test_events_that_mean_nothing_are_told(position: Any) -> None:
    with pytest.raises(UnclearError):
        secure_pauses(document([pause(position), resume(80)], []))
