"""Calls: utterances and their ids, pauses, updates, discards, languages, the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from audiohook_fw_asr import RecognitionStatus, Result, Segment
from audiohook_fw_asr.testing import EngineFault, ScriptedEngine, ScriptedSegmentEngine, pause, speak

from audiohook_fw import SpeechEnded, SpeechStarted, Transcript

NewCall = Callable[..., Any]
KINDS = [ScriptedEngine, ScriptedSegmentEngine]


def transcripts(call: Any) -> list[Transcript]:
    return [e for e in call.emitted if isinstance(e, Transcript) and e.channel == "external"]


def finals(call: Any) -> list[tuple[str, int, int]]:
    return [(e.text, e.start, e.length) for e in transcripts(call) if e.is_final]


def statuses(call: Any) -> list[RecognitionStatus]:
    return [e for e in call.emitted if isinstance(e, RecognitionStatus) and e.channel == "external"]


@pytest.mark.parametrize("kind", KINDS)
def test_interims_and_their_final_share_an_id(new_call: NewCall, kind: Any) -> None:
    call = new_call(kind(), interim_seconds=0.3)
    call.open()
    call.audio(
        np.concatenate((pause(4), speak("golf"), pause(3)))
    )  # by now it is known that nobody tells speech
    begun = len(transcripts(call))
    call.audio(
        np.concatenate((speak("alpha bravo charlie delta", word=0.4), pause(1), speak("echo"), pause(1)))
    )
    call.close()
    heard = transcripts(call)[begun:]
    first = [e for e in heard if e.id == heard[0].id]
    assert len(first) >= 3
    assert [e.is_final for e in first] == [False] * (len(first) - 1) + [True]
    assert first[-1].text == "alpha bravo charlie delta"
    assert all(first[-1].text.startswith(e.text) for e in first)
    assert len({e.id for e in heard if e.is_final}) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_no_interims_where_none_are_wanted(new_call: NewCall, kind: Any) -> None:
    call = new_call(kind(), interims=False)
    call.open()
    call.audio(np.concatenate((pause(1), speak("alpha bravo charlie delta", word=0.5), pause(4))))
    call.close()
    assert [e.is_final for e in transcripts(call)] == [True]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["pause", "update", "discard"])
def test_what_splits_an_utterance(new_call: NewCall, kind: Any, how: str) -> None:
    call = new_call(kind())
    call.open()
    call.audio(np.concatenate((pause(0.8), speak("alpha"))))
    match how:
        case "pause":
            call.pause(2.0)
        case "update":
            call.update(language="en-US")
        case "discard":
            call.discard(2.0)
    call.audio(np.concatenate((speak("bravo"), pause(0.6))))
    call.close()
    match how:
        case "pause":
            assert finals(call) == [("alpha", 6400, 1600), ("bravo", 24_000, 1600)]
        case "update":
            assert finals(call) == [("alpha", 6400, 1600), ("bravo", 8000, 1600)]
        case "discard":
            assert finals(call) == [("alpha bravo", 6400, 19_200)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_language_of_the_call(new_call: NewCall, kind: Any) -> None:
    call = new_call(kind(languages=("en", "de-DE")), facts={"language": "en-GB"})
    call.open()
    said = np.concatenate((pause(0.2), speak("alpha"), pause(0.6)))
    call.audio(said)
    call.update(language="de-de")
    call.audio(said)
    call.update(language="fr-FR")
    call.audio(said)
    call.update(language="en")
    call.audio(said)
    call.close()
    heard = [e for e in transcripts(call) if e.is_final]
    assert [(e.text, e.language, e.start) for e in heard] == [
        ("alpha", "en-GB", 1600),
        ("alpha", "de-de", 9600),
        ("alpha", "en", 25_600),
    ]
    assert "unsupported" in [status.state for status in statuses(call)]


def test_the_engine_gets_its_own_tag(new_call: NewCall) -> None:
    engine = ScriptedEngine(languages=("en", "de-DE"))
    call = new_call(engine, channels=["internal"], language="de")
    call.open()
    call.audio(speak("alpha"))
    call.update(language="EN-nz")
    call.audio(speak("alpha"))
    call.close()
    assert [(r.language, r.channel, r.rate) for r in engine.requests] == [
        ("de-DE", "internal", 8000),
        ("en", "internal", 8000),
    ]
    assert engine.requests[0].conversation_id == call.session.conversation_id


def test_a_stream_is_kept_alive_in_a_pause(new_call: NewCall) -> None:
    engine = ScriptedEngine()
    call = new_call(engine, channels=["external"], keep_alive_seconds=4.0)
    call.open()
    call.audio(speak("alpha"))
    call.pause(60)
    call.audio(speak("bravo"))
    call.close()
    assert [stream.keep_alives for stream in engine.streams] == [pytest.approx(14, abs=2)]
    assert [text for text, _, _ in finals(call)] == ["alpha", "bravo"]


def test_an_engine_that_hangs_at_the_end_costs_an_interim_no_more(new_call: NewCall) -> None:
    engine = ScriptedEngine(always=EngineFault.HUNG, faults=[(EngineFault.HUNG, 1.5)])
    call = new_call(engine, channels=["external"], flush_timeout=3.0)
    call.open()
    call.audio(
        np.concatenate((speak("alpha"), pause(0.1), speak("bravo", word=0.9), pause(0.1), speak("charlie")))
    )
    call.close()
    assert [text for text, _, _ in finals(call)] == ["alpha bravo"]  # the interim that there was
    assert statuses(call)[-1].state == "behind"
    assert statuses(call)[-1].dropped == 2400  # what came after it
    assert call.closed_after < 6


def test_silence_is_confirmed_and_not_kept(new_call: NewCall) -> None:
    engine = ScriptedEngine()
    call = new_call(engine, channels=["external"], result_timeout=5.0)
    call.open()
    call.audio(pause(60))
    assert 8 <= engine.streams[0].flushes <= 12
    call.close()
    assert statuses(call)[-1].dropped == 0


def test_it_goes_back_to_the_first_engine(new_call: NewCall) -> None:
    first = ScriptedEngine(name="first", faults=[(EngineFault.KILLED, 2.0)])
    second = ScriptedEngine(name="second")
    call = new_call(first, second, channels=["external"], return_seconds=10.0)
    call.open()
    for _ in range(20):
        call.audio(np.concatenate((speak("alpha bravo"), pause(1))))
    call.close()
    assert [s.engine for s in statuses(call)] == ["first", "second", "first"]
    assert len(finals(call)) == 20


# segment engines ------------------------------------------------------------------------------------


def test_speech_events_cut_the_segments(new_call: NewCall) -> None:
    engine = ScriptedSegmentEngine()
    call = new_call(engine, interims=False, pre_roll=0.1, channels=["external"])
    call.open()
    call.audio(np.concatenate((pause(1), speak("alpha"), pause(0.2), speak("bravo"), pause(1))))
    call.event(SpeechStarted(channel="external", start=8000))
    call.event(SpeechEnded(channel="external", start=8000, length=1600))
    call.event(SpeechStarted(channel="internal", start=8000))
    call.event(SpeechStarted(channel="external", start=11_200))
    call.close()
    assert finals(call) == [("alpha", 8000, 1600), ("bravo", 11_200, 1600)]
    assert [len(segment.samples) for segment in engine.segments[:1]] == [800 + 1600 + 400]
    assert not engine.segments[0].samples.flags.writeable


@pytest.mark.parametrize("how", ["pause", "update"])
def test_speech_that_is_told_after_what_ended_it_is_recognised(new_call: NewCall, how: str) -> None:
    engine = ScriptedSegmentEngine(languages=("en-US", "de-DE"))
    facts = {"language": "en-US"}
    call = new_call(engine, facts=facts, interims=False, speech="events", channels=["external"])
    call.open()
    call.audio(np.concatenate((pause(0.5), speak("alpha", word=0.5))))
    if how == "pause":
        call.pause()
        call.resume()
    else:
        call.update(language="de-DE")
    position = call.session.position
    call.audio(np.concatenate((speak("bravo", word=0.5), pause(1))))
    call.event(SpeechStarted(channel="external", start=4000))
    call.event(SpeechEnded(channel="external", start=4000, length=4000))
    call.event(SpeechStarted(channel="external", start=position))
    call.event(SpeechEnded(channel="external", start=position, length=4000))
    call.close()
    assert finals(call) == [("alpha", 4000, 4000), ("bravo", position, 4000)]
    languages = [e.language for e in transcripts(call)]
    assert languages == ["en-US", "de-DE" if how == "update" else "en-US"]


@pytest.mark.parametrize(("seconds", "heard"), [(26, [("alpha", 8000, 4000)]), (60, [])])
def test_speech_that_is_told_too_late_is_counted_as_lost(
    new_call: NewCall, seconds: float, heard: Any
) -> None:
    engine = ScriptedSegmentEngine()
    call = new_call(engine, interims=False, pre_roll=0.1, speech="events", channels=["external"])
    call.open()
    call.audio(np.concatenate((pause(1), speak("alpha", word=0.5), pause(seconds))))
    call.event(SpeechEnded(channel="external", start=8000, length=4000))
    call.close()
    assert finals(call) == heard
    dropped = [status.dropped for status in statuses(call) if status.state == "behind"]
    assert dropped == ([] if heard else [800 + 4000 + 400])
    assert len(engine.segments) == len(heard)


class SlowInterims(ScriptedSegmentEngine):
    """Takes for ever for an interim."""

    async def recognize(self, segment: Segment) -> Result | None:
        if not segment.is_final:
            self.segments.append(segment)
            await asyncio.sleep(1e9)
        return await super().recognize(segment)


def test_a_final_does_not_wait_for_an_interim(new_call: NewCall) -> None:
    engine = SlowInterims()
    call = new_call(engine, channels=["external"], speech="energy", interim_seconds=0.5)
    call.open()
    for number in range(1, 4):
        call.audio(np.concatenate((speak("alpha", word=1.0), pause(1))))
        assert len(finals(call)) == number  # long before `recognize_timeout`
    assert [segment.is_final for segment in engine.segments] == [False, True] * 3
    assert [status.state for status in statuses(call)] == ["running"]
    assert call.plugin._recognition.totals.interims_dropped == 3
    assert call.plugin.check_health() is None


def test_by_level_where_nobody_tells_speech(new_call: NewCall, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    call = new_call(ScriptedSegmentEngine(), channels=["external"])
    call.open()
    call.audio(np.concatenate((pause(1), speak("alpha"), pause(3), speak("bravo"), pause(3))))
    assert finals(call) == [("alpha", 8000, 1600), ("bravo", 33_600, 1600)]
    told = [line for line in caplog.messages if "goes by the level" in line]
    assert len(told) == 1


def test_only_by_events_if_so_configured(new_call: NewCall) -> None:
    call = new_call(ScriptedSegmentEngine(), speech="events", channels=["external"])
    call.open()
    call.audio(np.concatenate((pause(1), speak("alpha"), pause(5))))
    call.close()
    assert transcripts(call) == []


def test_only_by_level_if_so_configured(new_call: NewCall) -> None:
    call = new_call(ScriptedSegmentEngine(), speech="energy", channels=["external"], interims=False)
    call.open()
    call.event(SpeechStarted(channel="external", start=0))
    call.audio(np.concatenate((pause(1), speak("alpha"), pause(1))))
    assert finals(call) == [("alpha", 8000, 1600)]


def test_long_speech_is_cut(new_call: NewCall) -> None:
    engine = ScriptedSegmentEngine()
    call = new_call(engine, channels=["external"], longest_segment=4.0, speech="energy", interims=False)
    call.open()
    words = "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima"
    call.audio(np.concatenate((pause(1), speak(words, word=0.9, gap=0.2), pause(1))))
    call.close()
    assert " ".join(text for text, _, _ in finals(call)) == words
    assert all(segment.duration <= 4.0 for segment in engine.segments)


def test_an_engine_too_slow_drops_the_oldest_and_says_so(
    new_call: NewCall, caplog: pytest.LogCaptureFixture
) -> None:
    engine = ScriptedSegmentEngine(seconds=4.0)
    call = new_call(engine, channels=["external"], max_backlog=2.0, speech="energy", interim_seconds=0.2)
    call.open()
    for _ in range(20):
        call.audio(np.concatenate((speak("alpha bravo", word=0.4), pause(0.6))))
    call.close()
    dropped = max(s.dropped for s in statuses(call))
    assert dropped > 5 * 8000
    assert 3 <= len(finals(call)) <= 12
    assert len([line for line in caplog.messages if "recognition is behind" in line]) == 1
    assert len(set(finals(call))) == len(finals(call))


@pytest.mark.parametrize("fault", [f for f in EngineFault if f not in (EngineFault.SLOW,)])
def test_a_segment_engine_that_fails(new_call: NewCall, fault: EngineFault) -> None:
    bad, good = ScriptedSegmentEngine(name="bad", always=fault), ScriptedSegmentEngine(name="good")
    call = new_call(bad, good, channels=["external"], recognize_timeout=3.0, speech="energy")
    call.open()
    for _ in range(10):
        call.audio(np.concatenate((speak("alpha bravo"), pause(1))))
    call.close()
    assert [text for text, _, _ in finals(call)] == ["alpha bravo"] * 10


def test_health_and_metrics(new_call: NewCall) -> None:
    engine = ScriptedEngine(always=EngineFault.REFUSED)
    call = new_call(engine, channels=["external"])
    call.open()
    assert call.plugin.check_health() is None
    call.audio(pause(20))
    assert "scripted: no stream: ConnectionRefusedError" in call.plugin.check_health()
    assert [s.state for s in statuses(call)] == ["waiting"]
    assert call.plugin.supported_languages() == ["en-US"]
