"""A call whose other end is a recording: what plugins hear of it, and what they ask in vain."""

from __future__ import annotations

from typing import Any

import pytest

from audiohook_fw import Accept, AudioFrame, MediaFormat, PauseOrigin, Reject, Session, hookimpl
from audiohook_fw.replay import (
    DiscardStep,
    PauseStep,
    RecordedCall,
    ReplayError,
    ResumeStep,
    UpdateStep,
    Wish,
)

from .conftest import ID, STEREO, Keeper, ListenerPlugin, heard, sound


def test_everything_happens_at_its_time(play: Any) -> None:
    steps = [
        sound(2000),
        PauseStep(PauseOrigin.CLIENT),
        ResumeStep(8000),
        sound(100),
        UpdateStep("de-DE"),
        DiscardStep(400),
        DiscardStep(50, clamped=True),
        sound(1601),
        PauseStep(PauseOrigin.SERVER),
        PauseStep(),
        ResumeStep(80_000, clamped=True),
    ]
    assert heard(play(steps), audio=True) == [
        ["audio", 0, 1600, 0, 104 * 3200],
        ["audio", 1600, 400, 0, 104 * 800],
        ["pause", "client", 2000, False, "yes"],
        ["resume", 2000, 8000, False, False],
        ["audio", 10_000, 100, 8000, 104 * 200],
        ["update", "de-DE", 10_100, "de-DE"],
        ["discarded", 10_100, 400, False],
        ["discarded", 10_500, 50, True],
        ["audio", 10_550, 1600, 450, 104 * 3200],
        ["audio", 12_150, 1, 0, 208],
        ["pause", "server", 12_151, True, "no"],
        ["pause", "unknown", 12_151, True, "unknown"],
        ["resume", 12_151, 80_000, True, False],
        ["close", "end", 92_151, round(92_151 / 8000)],
    ]


def test_the_summary_is_that_of_the_call(play: Any) -> None:
    keeper = Keeper()
    steps = [sound(2000), PauseStep(), ResumeStep(8000), DiscardStep(400, clamped=True)]
    replayed = play(steps, [keeper])
    (summary,) = keeper.summaries
    assert replayed.summary == summary
    assert (summary.position, summary.audio, summary.paused, summary.discarded) == (10_400, 2000, 8000, 400)
    assert summary.counts["clamped"] == 1
    assert summary.started_at.isoformat() == "2026-01-01T00:00:00+00:00"
    assert summary.ended_at.isoformat().startswith("2026-01-01T00:00:01.3000")


def test_audio_is_cut_into_frames_wherever_its_pieces_end(play: Any) -> None:
    pieces = play([sound(1000), sound(1), sound(3000)])
    whole = play([sound(4001)])
    assert heard(pieces, audio=True) == heard(whole, audio=True)
    lengths = [told[2] for told in heard(play([sound(1000)], frame_ms=50), audio=True)[:-1]]
    assert lengths == [400, 400, 200]


def test_a_discard_longer_than_any_bound_is_as_it_was(play: Any) -> None:
    assert heard(play([DiscardStep(8000 * 3600 * 10)]))[0] == ["discarded", 0, 288_000_000, False]


class Asks:
    """Asks the client for all there is."""

    @hookimpl
    def on_open(self, session: Session) -> Accept:
        return Accept(start_paused=True, discard_to=5)

    @hookimpl
    def on_audio(self, session: Session, frame: AudioFrame) -> None:
        assert session.start_hold is not None
        assert not session.server_paused  # the recording was not
        session.start_hold.release()
        session.play(b"\xff" * 160)
        session.flush_playback()
        session.pause("enough")
        session.disconnect(info="bye", output_variables={"a": "b"})


def test_what_plugins_ask_is_noted_and_the_call_goes_on(play: Any) -> None:
    call = RecordedCall(ID, MediaFormat("PCMU", ("external",)), product="connector")
    replayed = play([sound(1600, channels=1), DiscardStep(80)], [Asks, ListenerPlugin], call=call)
    assert [(wish.position, wish.what) for wish in replayed.wishes] == [
        (0, "pause"),
        (1600, "resume"),
        (1600, "play"),
        (1600, "flush_playback"),
        (1600, "pause"),
        (1600, "disconnect"),
    ]
    assert replayed.wishes[2].details["bytes"] == 160
    assert len(replayed.wishes[2].details["sha256"]) == 64
    disconnect = {"reason": "completed", "info": "bye", "output_variables": {"a": "b"}}
    assert replayed.wishes[5] == Wish(1600, "disconnect", disconnect)
    assert [told[:3] for told in heard(replayed)] == [["discarded", 1600, 80], ["close", "end", 1680]]
    assert replayed.faults == []


def test_a_call_that_is_rejected_is_not_played(play: Any) -> None:
    class Refuses:
        @hookimpl
        async def on_open(self, session: Session) -> Reject:
            return Reject("completed", "not today")

    def never() -> Any:
        raise AssertionError("nobody is to take a step of it")
        yield

    replayed = play(never(), [Refuses, ListenerPlugin])
    assert replayed.decision == Reject("completed", "not today")
    assert (replayed.summary, replayed.emitted) == (None, [])


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"conversation_id": "x"}, "there can be no such call: conversation_id: "),
        ({"organization_id": "x"}, "there can be no such call: organization_id: "),
        ({"participant_id": "x"}, "there can be no such call: participant_id is no UUID"),
        ({"media": MediaFormat("PCMU", ("left", "right"))}, "there can be no such call: "),
    ],
)
def test_what_can_be_no_call_is_told(play: Any, facts: dict[str, Any], problem: str) -> None:
    with pytest.raises(ReplayError) as caught:
        play([], call=RecordedCall(**{"session_id": ID, "media": STEREO, **facts}))
    assert str(caught.value).startswith(problem)
