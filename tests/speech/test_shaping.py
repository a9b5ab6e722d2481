"""An utterance is one run of speech, at its level."""

from __future__ import annotations

import numpy as np

from audiohook_fw.audio import noise, silence

from .shaping import (
    BLOCK,
    LONGEST_STOP,
    SPEECH_LEVEL,
    Signal,
    active_level,
    fit,
    heard_blocks,
    shape,
    without_stops,
)
from .truth import RATE


def burst(seconds: float) -> Signal:
    return np.random.default_rng(3).normal(0, 0.1, round(seconds * RATE))


def quiet(seconds: float) -> Signal:
    return np.zeros(round(seconds * RATE))


def test_silence_at_the_ends_goes_and_long_stops_are_shortened() -> None:
    speech = np.concatenate([quiet(0.5), burst(1), quiet(0.7), burst(1), quiet(0.15), burst(1), quiet(0.3)])
    kept = without_stops(speech)
    heard = heard_blocks(kept)
    assert heard[0]
    assert heard[-1]
    assert len(kept) == round((3 + LONGEST_STOP + 0.15) * RATE)
    stops = np.diff(np.flatnonzero(heard)) - 1
    assert sorted(stops[stops > 0] * BLOCK / RATE) == [0.15, LONGEST_STOP]


def test_what_is_shaped_has_the_usual_level() -> None:
    loud = noise(1.0)
    spoken = np.concatenate([silence(0.3), loud // 4, silence(0.3)])
    speech = shape(spoken, RATE, 1.0)
    assert abs(len(speech) / RATE - 1.0) < 0.03
    assert 0.8 * SPEECH_LEVEL < active_level(speech) < 1.1 * SPEECH_LEVEL


def test_a_higher_pitch_is_shorter() -> None:
    spoken = noise(1.0)
    assert len(shape(spoken, RATE, 1.25)) < 0.85 * len(shape(spoken, RATE, 1.0))


def test_fit_keeps_tone_and_level() -> None:
    tone = np.sin(2 * np.pi * 500 * np.arange(RATE) / RATE)
    fitted = fit(tone, 7000)
    assert len(fitted) == 7000
    assert np.isclose(np.sqrt(np.mean(fitted**2)), np.sqrt(0.5), rtol=0.02)
