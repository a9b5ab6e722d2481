"""The plugin in calls: with the fake in worker processes, and once with the small real model."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from audiohook_fw_whisper import Whisper
from audiohook_fw_whisper.worker import ModelError

from audiohook_fw import Transcript
from audiohook_fw.audio import conversation, conversation_script
from audiohook_fw.testing import CallDriver


def finals(call: CallDriver) -> list[Transcript]:
    return [event for event in call.emitted if isinstance(event, Transcript) and event.is_final]


def test_a_real_call_with_the_real_model(model_path: str) -> None:
    first, second, third = conversation_script()[:3]
    rate, end = 8000, third.end + 2400  # the customer answers then
    with CallDriver(Whisper, settings={"model_path": model_path, "interim_seconds": 3.0}) as call:
        call.open()
        call.audio(conversation().samples[:end])
        call.close()
        heard = finals(call)
        interims = [e for e in call.emitted if isinstance(e, Transcript) and not e.is_final]
    assert "is your order number" in heard[-1].text  # the end of the call is the end of that, too
    assert {event.channel for event in heard} == {"external", "internal"}
    assert {event.id for event in interims} <= {event.id for event in heard}
    assert interims
    said = " ".join(event.text for event in heard if event.channel == "external")
    assert "on hold for 20 minutes" in said
    starts = {event.channel: event.start for event in reversed(heard)}
    assert starts["internal"] == pytest.approx(first.start, abs=0.1 * rate)
    assert starts["external"] == pytest.approx(second.start, abs=0.1 * rate)
    for event in heard:
        assert event.words[0].start == event.start
        assert event.words[-1].start + event.words[-1].length == event.start + event.length


def test_finals_of_the_end_come_before_the_call_is_closed(
    fakes: None, fake_model: Callable[[str], str]
) -> None:
    with CallDriver(Whisper, settings={"model_path": fake_model("fine"), "speech": "energy"}) as call:
        call.open()
        call.audio(conversation().samples[:24_000])  # in the middle of an utterance
        before = len(finals(call))
        call.close()
        assert len(finals(call)) == before + 1
        assert call.faults == ()


def test_without_a_model_the_plugin_fails_in_one_line() -> None:
    call = CallDriver(Whisper)
    with pytest.raises(ModelError, match=r"no model: set plugins\.whisper\.model_path") as caught:
        call.open()
    assert "\n" not in str(caught.value)
    call.shutdown()


@pytest.mark.parametrize(("unknown", "first"), [("detect", ["*", "en"]), ("refuse", ["en", "zh"])])
def test_languages_of_the_models_are_told(
    fakes: None, fake_model: Callable[..., str], unknown: str, first: list[str]
) -> None:
    settings = Whisper.Settings.model_validate(
        {"model_path": fake_model("fine", 51_865), "unknown_language": unknown}
    )
    plugin = Whisper(settings)
    plugin._engine.languages = plugin._engine._check()
    languages = plugin.supported_languages()
    assert list(languages[:2]) == first
    # With `*` the core does not pause calls whose language the model is to find out, or that tell none.
    assert ("*" in languages) == (unknown == "detect")
    assert plugin.check_health() == "the models are still being loaded"
