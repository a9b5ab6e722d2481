"""A plugin made of the base, driven by hand: the short way through everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from audiohook_fw_asr import SpeechRecognition, StreamSettings
from audiohook_fw_asr.testing import ScriptedEngine, ScriptedSegmentEngine, pause, speak

from audiohook_fw import Transcript

SPEECH = np.concatenate((pause(1), speak("alpha bravo"), pause(1), speak("charlie")))
HEARD = [("alpha bravo", 8000, 3680), ("charlie", 19680, 1600)]


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("kind", [ScriptedEngine, ScriptedSegmentEngine])
def test_words_come_out_at_their_place(new_call: Callable[..., Any], kind: Any, rate: int) -> None:
    call = new_call(kind(rate=rate))
    call.open()
    call.audio(SPEECH)
    call.close()
    for channel in ("external", "internal"):
        finals = [e for e in call.emitted if isinstance(e, Transcript) and e.is_final]
        assert [(f.text, f.start, f.length) for f in finals if f.channel == channel] == HEARD


def test_a_language_that_no_engine_understands_is_said_at_the_start(
    new_call: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    new_call(ScriptedEngine(), language="en-US").start()
    assert "do not understand" not in caplog.text
    new_call(ScriptedEngine(), language="fr").start()
    assert "its language is 'fr', which its engines do not understand (en-US)" in caplog.text


@pytest.mark.parametrize(
    ("languages", "channels", "warned"),
    [
        (["en"], ["external", "internal"], True),
        (["en-US"], ["internal"], True),
        (["de"], ["internal"], False),
        (["en-US"], ["external"], False),
    ],
)
def test_two_plugins_that_do_the_same_are_told(
    new_call: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
    languages: list[str],
    channels: list[str],
    warned: bool,
) -> None:
    class Second(SpeechRecognition):
        Settings = StreamSettings

        def make_engines(self) -> Sequence[ScriptedEngine]:
            return (ScriptedEngine(languages=languages),)

    second = Second(StreamSettings.model_validate({"channels": channels}))
    first = new_call(ScriptedEngine(), facts={"others": {"second": second}}, channels=["internal"])
    first.start()
    assert ("every word comes twice" in caplog.text) == warned
    caplog.clear()
    first.shutdown()
    new_call(ScriptedEngine(languages=["fr"])).start()
    assert "every word comes twice" not in caplog.text
