"""What a call's transcripts make the plugin say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from audiohook_fw_sentiment import Utterance
from audiohook_fw_sentiment.call import label

from audiohook_fw import Sentiment, SpeechEnded
from audiohook_fw.testing import CallDriver

NewCall = Callable[..., CallDriver]
GOOD, BAD, PLAIN = "thank you so much, that's perfect", "this is terrible", "it's the blue one"


def test_each_final_has_its_mood(new_call: NewCall, kit: Any) -> None:
    call = new_call()
    said = [kit.said(GOOD), kit.said(BAD, at=3, channel="internal"), kit.said(PLAIN, at=6)]
    call.event(*said)
    moods = kit.moods(call)
    assert [mood.label for mood in moods] == ["positive", "negative", "neutral"]
    for mood, transcript in zip(moods, said, strict=True):
        assert mood.transcript_id == transcript.id
        assert (mood.channel, mood.start, mood.length) == (
            transcript.channel,
            transcript.start,
            transcript.length,
        )


def test_each_channel_has_its_own_running_mood(new_call: NewCall, kit: Any) -> None:
    call = new_call()
    call.event(kit.said(GOOD), kit.said(BAD, at=3, channel="internal"), kit.said(BAD, at=63, seconds=6))
    first, other, last = kit.moods(call, running=True)
    good, _, bad = kit.moods(call)
    assert (first.score, first.label, first.transcript_id) == (pytest.approx(good.score), "positive", "")
    assert (other.channel, other.label) == ("internal", "negative")
    faded = 2 * 2 ** (-67 / 60)
    assert last.score == pytest.approx((faded * good.score + 6 * bad.score) / (faded + 6))
    assert (last.start, last.length) == (0, 69 * 8000)


def test_running_moods_may_be_switched_off(new_call: NewCall, kit: Any) -> None:
    call = new_call(running=False)
    call.event(kit.said(GOOD))
    assert len(call.emitted) == 1


def test_half_life_is_settable(new_call: NewCall, kit: Any) -> None:
    call = new_call(half_life=1)
    call.event(kit.said(GOOD), kit.said(BAD, at=60))
    assert kit.moods(call, running=True)[-1].score == pytest.approx(kit.moods(call)[-1].score)


def test_threshold_is_settable(new_call: NewCall, kit: Any) -> None:
    call = new_call(threshold=1)
    call.event(kit.said(GOOD))
    assert {mood.label for mood in call.emitted if isinstance(mood, Sentiment)} == {"neutral"}


@pytest.mark.parametrize(
    ("score", "threshold", "name"),
    [
        (0.15, 0.15, "positive"),
        (0.149, 0.15, "neutral"),
        (-0.15, 0.15, "negative"),
        (-0.149, 0.15, "neutral"),
        (0.0, 0.0, "neutral"),
        (-1e-9, 0.0, "negative"),
        (1e-9, 0.0, "positive"),
    ],
)
def test_labels(score: float, threshold: float, name: str) -> None:
    assert label(score, threshold) == name


def test_nothing_is_said_of_interims_empty_texts_and_other_events(new_call: NewCall, kit: Any) -> None:
    call = new_call()
    call.event(
        kit.said(GOOD, is_final=False), kit.said("  "), SpeechEnded(channel="external", start=0, length=9)
    )
    assert not call.emitted


@pytest.mark.parametrize(
    ("of_transcript", "of_call", "setting", "heard"),
    [
        ("", "en-US", "en", True),
        ("", "de-DE", "en", False),
        ("en-GB", "de-DE", "en", True),
        ("de", "en-US", "en", False),
        ("", "", "en", True),
        ("", "", "", False),
        ("", "", "fr", False),
    ],
)
def test_no_mood_in_a_language_that_no_engine_knows(
    new_call: NewCall, kit: Any, of_transcript: str, of_call: str, setting: str, heard: bool
) -> None:
    call = new_call({"language": of_call or None}, language=setting)
    call.event(kit.said(GOOD, language=of_transcript))
    assert bool(call.emitted) is heard


def test_the_language_follows_the_call(new_call: NewCall, kit: Any) -> None:
    call = new_call()
    call.update(language="es-ES")
    call.event(kit.said(GOOD))
    call.update(language="en-GB")
    call.event(kit.said(BAD))
    assert [mood.label for mood in kit.moods(call)] == ["negative"]


def test_calls_without_audio_have_moods(new_call: NewCall, kit: Any) -> None:
    call = new_call({"offers": ()})
    assert call.media is None
    call.event(kit.said(GOOD))
    assert [mood.label for mood in kit.moods(call)] == ["positive"]


class Slow:
    """Takes its time."""

    languages = ("*",)
    batch = 4

    def __init__(self, seconds: float = 1.0) -> None:
        self.seconds = seconds

    async def score_batch(self, utterances: Sequence[Utterance]) -> list[float]:
        await asyncio.sleep(self.seconds)
        return [0.5 if utterance.text == GOOD else -0.5 for utterance in utterances]


def test_a_slow_engine_keeps_the_order(new_call: NewCall, install: Callable[..., None], kit: Any) -> None:
    install(slow=Slow)
    call = new_call(engines=["slow"])
    call.event(kit.said(GOOD), kit.said(BAD, channel="internal"), kit.said(GOOD))
    assert not call.emitted
    call.advance(3.5)
    assert [mood.label for mood in kit.moods(call)] == ["positive", "negative", "positive"]


def test_what_is_said_last_has_its_mood_before_the_end(
    new_call: NewCall, install: Callable[..., None], kit: Any
) -> None:
    install(slow=Slow)
    call = new_call(engines=["slow"])
    call.event(kit.said(GOOD))
    call.close()
    assert [mood.label for mood in kit.moods(call)] == ["positive"]


def test_an_engine_that_is_late_costs_a_mood_and_no_more(
    new_call: NewCall, install: Callable[..., None], kit: Any
) -> None:
    install(slow=Slow)
    call = new_call(engines=["slow", "vader"], options={"slow": {"seconds": 100}}, rest=50)
    call.event(*(kit.said(GOOD) for _ in range(4)))
    call.advance(5.9)
    assert not call.emitted
    call.advance(0.2)
    assert len(kit.moods(call)) == 1
    call.close()
    assert call.session.delivery.faults == 0


def test_a_failing_engine_is_no_fault_of_the_plugin(
    new_call: NewCall, install: Callable[..., None], kit: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    class Quoting(Slow):
        async def score_batch(self, utterances: Sequence[Utterance]) -> list[float]:
            raise ValueError(f"cannot parse {utterances[0].text}")

    install(quoting=Quoting)
    call = new_call(engines=["quoting"])
    call.event(*(kit.said("my name is Ann Example") for _ in range(12)))
    call.close()
    assert not call.emitted
    assert call.session.delivery.faults == 0
    assert "sentiment engine quoting: it raised ValueError; it is left alone for 30 s" in caplog.messages
    assert "Ann" not in caplog.text


def test_no_text_is_logged_or_shown(new_call: NewCall, kit: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    call = new_call()
    call.event(kit.said("my name is Ann Example, and this is terrible"))
    call.close()
    assert len(kit.moods(call)) == 1
    assert "Ann" not in caplog.text
    assert "Ann" not in repr(call.emitted)
    assert "Ann" not in repr(Utterance("Ann", "en", "external"))
