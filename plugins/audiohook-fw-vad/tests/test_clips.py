"""Real engines on real speech: the committed clips, judged by their truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from speech.scoring import VadScore
from speech.truth import CLIPS, MEDIA, RATE, Speech, read_speech

ENGINES = ("silero", "webrtc")
SUITE = read_speech(CLIPS / "suite.wav")
CLOSE = 0.15  # seconds that an onset may be off, by the official suite
END = 0.3


def play(new_call: Any, engine: str, samples: Any) -> Any:
    call = new_call(engine=engine, ignore_background=True, batch=0.1)
    call.open()
    call.audio(samples)
    return call


def truth(speech: Speech, channel: str) -> list[tuple[float, float]]:
    return [(utterance.start / RATE, utterance.end / RATE) for utterance in speech.of(channel)]


def agree(found: list[tuple[float, float]], there: list[tuple[float, float]]) -> None:
    """Check that each utterance was found once, where it is."""
    assert len(found) == len(there), (found, there)
    for (start, end), (true_start, true_end) in zip(found, there, strict=True):
        assert abs(start - true_start) <= CLOSE, (found, there)
        assert abs(end - true_end) <= END, (found, there)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_suite_is_cut_as_the_official_one_wants(new_call: Any, kit: Any, engine: str) -> None:
    call = play(new_call, engine, SUITE.audio().samples)
    call.close()
    for channel in MEDIA.channels:
        agree(kit.segments(call, channel), truth(SUITE, channel))


@pytest.mark.parametrize("what", ["pause", "update", "discard"])
@pytest.mark.parametrize("engine", ENGINES)
def test_inside_an_utterance_pause_and_update_split_and_discard_does_not(
    new_call: Any, kit: Any, engine: str, what: str
) -> None:
    samples = SUITE.audio().samples
    at = 8 * RATE
    call = play(new_call, engine, samples[:at])
    moved = {"pause": 2.0, "update": 0.0, "discard": 1.0}[what]
    {"pause": call.pause, "update": lambda _: call.update(language="en-US"), "discard": call.discard}[what](
        moved
    )
    call.audio(samples[at:])
    call.close()
    *before, (start, end) = truth(SUITE, "external")
    split = [(start, 8.0), (8.0 + moved, end + moved)] if what != "discard" else [(start, end + moved)]
    agree(kit.segments(call, "external"), before + split)
    internal = truth(SUITE, "internal")
    agree(
        kit.segments(call, "internal"), [*internal[:-1], (internal[-1][0] + moved, internal[-1][1] + moved)]
    )


@pytest.mark.parametrize("what", ["pause", "update", "discard"])
def test_in_silence_none_of_them_makes_anything(new_call: Any, kit: Any, what: str) -> None:
    samples = SUITE.audio().samples
    at = round(0.9 * RATE)
    call = play(new_call, "silero", samples[:at])
    moved = {"pause": 2.0, "update": 0.0, "discard": 1.0}[what]
    {"pause": call.pause, "update": lambda _: call.update(language="en-US"), "discard": call.discard}[what](
        moved
    )
    call.audio(samples[at:])
    call.close()
    first, *rest = truth(SUITE, "external")
    agree(kit.segments(call, "external"), [first, *[(s + moved, e + moved) for s, e in rest]])


@pytest.mark.parametrize("engine", ENGINES)
def test_speech_shorter_than_100_ms_is_none(new_call: Any, kit: Any, engine: str) -> None:
    utterance = SUITE.of("external")[4]
    samples = np.zeros((2 * RATE, 2), dtype=np.int16)
    piece = SUITE.audio().samples[utterance.start + RATE : utterance.start + RATE + round(0.06 * RATE)]
    samples[RATE : RATE + len(piece)] = piece
    call = play(new_call, engine, samples)
    call.close()
    assert kit.told(call) == []


@pytest.mark.parametrize("shift", [0, 77, 154])
@pytest.mark.parametrize("second", [1.3, 5.2, 7.5])
def test_an_engine_that_hears_a_voice_for_longer_makes_no_speech_of_it(
    new_call: Any, kit: Any, second: float, shift: int
) -> None:
    samples = SUITE.audio().samples.copy()
    start, length, source = round(10.3 * RATE) + shift, round(0.08 * RATE), round(second * RATE)
    samples[start : start + length, 0] = samples[source : source + length, 0]
    call = play(new_call, "silero", samples)
    call.close()
    agree(kit.segments(call, "external"), truth(SUITE, "external"))


def test_on_a_quiet_line_speech_ends_where_the_voice_does(new_call: Any, kit: Any) -> None:
    call = play(new_call, "silero", SUITE.audio().samples)
    call.close()
    for channel in MEDIA.channels:
        ends = zip(kit.segments(call, channel), truth(SUITE, channel), strict=True)
        assert all(abs(found - there) <= 0.05 for (_, found), (_, there) in ends)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_conversation_is_found(new_call: Any, kit: Any, engine: str) -> None:
    speech = read_speech(CLIPS / "conversation.wav")
    call = play(new_call, engine, speech.audio().samples)
    call.close()
    score = VadScore()
    for channel in MEDIA.channels:
        found = [(round(s * RATE), round(e * RATE)) for s, e in kit.segments(call, channel)]
        score.add([(u.start, u.end) for u in speech.of(channel)], found, speech.length)
    assert score.recall >= 0.95
    assert score.precision >= 0.9
    assert score.close == 1
    summary = kit.summary(call)
    assert summary.judged == speech.length
    assert summary.overlap > 0
    assert sum(party.interruptions for party in summary.parties) == 2
