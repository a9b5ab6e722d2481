"""Engines are found by name, checked at start, and their detectors used again."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from audiohook_fw_vad.engine import HEARD_AGAIN, STILL_HEARD, Engine, EngineError, Listener
from audiohook_fw_vad.gate import GateRules
from audiohook_fw_vad.windows import Window
from scripted_detector import WINDOW, LoudDetector

SPARE = 3


@pytest.mark.parametrize(("name", "window"), [("silero", 256), ("webrtc", 240)])
def test_ours_hear_no_speech_in_silence_and_can_forget(name: str, window: int) -> None:
    engine = Engine(name, {}, rate=8000, spare=SPARE)
    engine.load()
    assert engine.window == window
    detector = engine.open()
    silence = np.zeros(window, dtype=np.int16)
    before = [detector.detect(silence) for _ in range(30)]
    assert all(0 <= probability < 0.3 for probability in before)
    detector.reset()
    assert [detector.detect(silence) for _ in range(30)] == before


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("nothing", {}, "there are: silero, webrtc"),
        ("no_such_module:Class", {}, "cannot be imported"),
        ("scripted_detector:Nothing", {}, "is not there"),
        ("webrtc", {"aggressiveness": 9}, "plugins.vad.options"),
        ("webrtc", {"loudness": 1}, "plugins.vad.options"),
    ],
)
def test_what_is_wrong_is_said(name: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(EngineError, match=words):
        Engine(name, options, rate=8000, spare=SPARE).load()


def test_without_its_package_webrtc_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "webrtcvad", None)
    monkeypatch.delitem(sys.modules, "audiohook_fw_vad.webrtc", raising=False)
    with pytest.raises(EngineError, match=r"pip install 'audiohook-fw-vad\[webrtc\]'"):
        Engine("webrtc", {}, rate=8000, spare=SPARE).load()


def test_windows_of_a_second_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LoudDetector, "window", 8000)
    with pytest.raises(EngineError, match="10 to 100 ms"):
        Engine("scripted_detector:LoudDetector", {}, rate=8000, spare=SPARE).load()


def test_so_many_detectors_are_kept() -> None:
    engine = Engine("scripted_detector:LoudDetector", {}, rate=8000, spare=SPARE)
    engine.load()
    taken = [engine.open() for _ in range(SPARE + 3)]
    for detector in taken:
        engine.give_back(detector)
    again = [engine.open() for _ in range(SPARE + 3)]
    assert len({id(detector) for detector in taken} & {id(detector) for detector in again}) == SPARE
    engine.clear()


def test_a_listener_hears_no_background() -> None:
    engine = Engine("scripted_detector:LoudDetector", {}, rate=8000, spare=SPARE)
    engine.load()
    noise = np.random.default_rng(1).normal(0, 400, (100, WINDOW)).astype(np.int16)
    noise[:, 0] = 1100  # loud enough for the detector
    windows = [Window(i * WINDOW, (i + 1) * WINDOW, WINDOW, row) for i, row in enumerate(noise)]
    assert set(Listener.open(engine, None).hear(windows)) == {1.0}
    assert set(Listener.open(engine, GateRules(15.5, 13)).hear(windows)) == {0.0}


def test_background_is_not_even_asked_about_and_the_last_of_it_is_heard_again(plan: Any) -> None:
    settings = {"plan": plan}
    engine = Engine("scripted_detector:FaultyDetector", settings, rate=8000, spare=1)
    engine.load()
    listener = Listener.open(engine, GateRules(15.5, 13))
    hiss = np.full(WINDOW, 10, dtype=np.int16)
    tone = np.full(WINDOW, 8000, dtype=np.int16)
    windows = [
        Window(i * WINDOW, (i + 1) * WINDOW, WINDOW, row) for i, row in enumerate([hiss] * 100 + [tone] * 10)
    ]
    assert listener.hear(windows[:100]) == [0.0] * 100
    assert plan.windows == STILL_HEARD
    assert listener.hear(windows[100:]) == [1.0] * 10
    assert plan.windows == STILL_HEARD + HEARD_AGAIN + 10
    listener.hear(windows[:100])
    listener.reset()
    before = plan.windows
    listener.hear(windows[100:])
    assert plan.windows == before + 10  # nothing from before is heard again
    assert plan.made[0].resets == 2  # at the start, and now
