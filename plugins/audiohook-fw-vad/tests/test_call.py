"""A call, in all its turns, with a detector that hears loudness to 10 ms."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from audiohook_fw import MediaFormat
from audiohook_fw.testing import CallAudio

SENTENCE = [("started", "external", 0.5, 0.0), ("ended", "external", 0.5, 1.5)]


def sentence(kit: Any) -> Any:
    return np.concatenate([kit.quiet(0.5), kit.loud(1, 0), kit.quiet(0.5)])


@pytest.mark.parametrize("frame_ms", [20, 200, 2000])
@pytest.mark.parametrize("batch", [0.02, 0.1, 2.0])
def test_speech_is_told_with_its_place(new_call: Any, kit: Any, frame_ms: float, batch: float) -> None:
    call = new_call(batch=batch)
    call.open()
    call.audio(sentence(kit), frame_ms=frame_ms)
    call.close()
    assert kit.told(call) == SENTENCE


@pytest.mark.parametrize("media", ["PCMU", "L16"])
@pytest.mark.parametrize("channels", [("internal", "external"), ("external",)])
def test_any_format(new_call: Any, kit: Any, media: str, channels: tuple[str, ...]) -> None:
    call = new_call({"offers": [MediaFormat(media, channels)]})
    call.open()
    call.audio(CallAudio.samples(sentence(kit)))
    call.close()
    assert kit.told(call) == SENTENCE


def test_it_is_told_while_the_call_goes_on(new_call: Any, kit: Any) -> None:
    call = new_call()
    call.open()
    call.audio(sentence(kit)[: 8000 * 7 // 10], frame_ms=20)
    assert kit.told(call) == SENTENCE[:1]
    call.audio(sentence(kit)[8000 * 7 // 10 :], frame_ms=20)
    assert kit.told(call) == SENTENCE


def test_both_channels_are_told_in_the_order_of_call_time(new_call: Any, kit: Any) -> None:
    call = new_call(batch=2.0)
    call.open()
    parts = [kit.loud(0.5, 0), kit.loud(0.5, 0, 1), kit.loud(0.5, 1), kit.quiet(0.5)]
    call.audio(np.concatenate(parts), frame_ms=2000)
    assert [told[:2] for told in kit.told(call)] == [
        ("started", "external"),
        ("started", "internal"),
        ("ended", "external"),
        ("ended", "internal"),
    ]


def test_a_pause_splits_what_is_spoken_and_moves_call_time(new_call: Any, kit: Any) -> None:
    call = new_call()
    call.open()
    call.audio(kit.loud(0.33, 0))
    call.pause(2.0)
    call.audio(kit.loud(0.5, 0))
    call.audio(kit.quiet(0.5))
    call.close()
    assert kit.segments(call, "external") == [(0, 0.33), (2.33, 2.83)]


def test_an_update_splits_what_is_spoken(new_call: Any, kit: Any) -> None:
    call = new_call()
    call.open()
    call.audio(kit.loud(0.505, 0))
    call.update(language="de-DE")
    call.audio(kit.loud(0.5, 0))
    call.close()
    assert kit.segments(call, "external") == [(0, 0.505), (0.505, 1.005)]


def test_a_discard_splits_nothing_and_moves_call_time(new_call: Any, kit: Any) -> None:
    call = new_call()
    call.open()
    call.audio(kit.loud(0.5, 0))
    call.discard(3.0)
    call.audio(kit.loud(0.5, 0))
    call.audio(kit.quiet(0.5))
    call.audio(kit.loud(0.5, 0))
    call.close()
    assert kit.segments(call, "external") == [(0, 4), (4.5, 5)]


def test_pause_discard_and_update_in_silence_make_nothing(new_call: Any, kit: Any) -> None:
    call = new_call()
    call.open()
    call.audio(sentence(kit))
    call.pause(1.0)
    call.audio(kit.quiet(0.5))
    call.update(language="de-DE")
    call.audio(kit.quiet(0.5))
    call.discard(1.0)
    call.audio(kit.quiet(0.5))
    call.close()
    assert kit.told(call) == SENTENCE


def test_padding_does_not_reach_into_a_pause(new_call: Any, kit: Any) -> None:
    call = new_call(pad_before=0.2)
    call.open()
    call.audio(kit.quiet(0.5))
    call.pause(1.0)
    call.audio(kit.loud(0.5, 0))
    call.close()
    assert kit.segments(call, "external") == [(1.5, 2.0)]


def test_how_talk_was_shared(new_call: Any, kit: Any) -> None:
    call = new_call()
    call.open()
    parts = [kit.loud(1, 1), kit.loud(0.5, 0, 1), kit.loud(0.5, 0), kit.quiet(2)]
    call.audio(np.concatenate(parts))
    call.close()
    summary = kit.summary(call)
    assert (summary.judged, summary.unjudged, summary.silence, summary.overlap) == (32000, 0, 16000, 4000)
    external, internal = summary.parties
    assert (external.talk, external.interruptions) == (8000, 1)
    assert (internal.talk, internal.interruptions) == (12000, 0)
    assert call.emitted[-1] is summary


def test_the_span_of_the_call_says_the_same(new_call: Any, kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, float] = {}
    span = SimpleNamespace(set_attribute=said.__setitem__)
    monkeypatch.setattr("audiohook_fw_vad.call.trace", SimpleNamespace(get_current_span=lambda: span))
    call = new_call()
    call.open()
    call.audio(np.concatenate([kit.loud(1, 1), kit.loud(1, 0, 1), kit.quiet(1)]))
    call.close()
    assert said == {
        "vad.talk.external": 1.0,
        "vad.talk.internal": 2.0,
        "vad.interruptions.external": 1,
        "vad.interruptions.internal": 0,
        "vad.silence": 1.0,
        "vad.overlap": 1.0,
    }


def test_a_call_without_audio_and_one_that_is_lost(new_call: Any, kit: Any) -> None:
    call = new_call()
    call.open()
    call.close()
    assert kit.summary(call).judged == 0
    call.shutdown()
    lost = new_call()
    lost.open()
    lost.audio(kit.loud(1, 0))
    lost.lose()
    assert kit.segments(lost, "external") == [(0, 1)]


def test_an_engine_that_raises_costs_its_call_some_audio(new_call: Any, kit: Any, plan: Any) -> None:
    plan.fails = {31}  # within the second 0.15, since both channels count
    call = new_call(engine="scripted_detector:FaultyDetector", options={"plan": plan})
    call.open()
    for _ in range(4):
        call.audio(sentence(kit), frame_ms=20)
    call.close()
    segments = kit.segments(call, "external")
    assert segments[-3:] == [(2.5, 3.5), (4.5, 5.5), (6.5, 7.5)]
    summary = kit.summary(call)
    assert 8000 <= summary.unjudged <= 8000 + 320
    assert summary.judged + summary.unjudged == 8 * 8000
    assert sum("is tried again" in text for text in call.logs) == 1
    assert call.faults == ()


@pytest.mark.parametrize("answer", [float("nan"), -1.0, 7.0])
def test_nonsense_is_a_failure(new_call: Any, kit: Any, plan: Any, answer: float) -> None:
    plan.fails, plan.answer = {1}, answer
    call = new_call(engine="scripted_detector:FaultyDetector", options={"plan": plan})
    call.open()
    call.audio(np.concatenate([kit.quiet(2), sentence(kit)]))
    call.close()
    assert kit.segments(call, "external") == [(2.5, 3.5)]
    assert kit.summary(call).unjudged > 0


def test_an_engine_that_always_raises_is_let_alone_more_and_more(new_call: Any, kit: Any, plan: Any) -> None:
    plan.fails = range(10**6)
    call = new_call(engine="scripted_detector:FaultyDetector", options={"plan": plan})
    call.open()
    call.audio(kit.loud(70), frame_ms=200)
    call.close()
    assert kit.told(call) == []
    assert plan.windows == 7  # at 0, and 1, 2, 4, 8, 16 and 30 s after each
    assert kit.summary(call).unjudged == 70 * 8000
    assert sum("is tried again" in text for text in call.logs) == 1


def test_running_speech_ends_where_the_engine_failed(new_call: Any, kit: Any, plan: Any) -> None:
    plan.fails = {100 + 1}  # half a second on two channels
    call = new_call(engine="scripted_detector:FaultyDetector", options={"plan": plan})
    call.open()
    call.audio(kit.loud(1, 0), frame_ms=20)
    call.close()
    ((start, end),) = kit.segments(call, "external")
    assert start == 0
    assert 0.5 <= end <= 0.52


def test_detectors_are_used_again_and_forget(new_call: Any, kit: Any, plan: Any) -> None:
    call = new_call(engine="scripted_detector:FaultyDetector", options={"plan": plan})
    call.open()
    call.audio(kit.loud(0.5))
    call.pause(1)
    call.audio(kit.loud(0.5))
    call.close()
    assert len(plan.made) == 2  # the first of them was made at start
    assert sorted(detector.resets for detector in plan.made) == [1, 2]
