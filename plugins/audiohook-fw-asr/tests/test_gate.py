"""Speech by level."""

from __future__ import annotations

import numpy as np
import pytest
from audiohook_fw_asr.gate import EnergyGate, Speech, is_quiet
from audiohook_fw_asr.testing import pause, speak

from audiohook_fw.audio import Samples


def heard(audio: Samples, step: int = 1600) -> list[Speech]:
    gate, found = EnergyGate(8000), []
    for start in range(0, len(audio), step):
        found += gate.feed(audio[start : start + step])
    return found + gate.end()


@pytest.mark.parametrize("step", [77, 160, 1600])
def test_speech_begins_and_ends(step: int) -> None:
    audio = np.concatenate((pause(1), speak("mike mike"), pause(1), speak("golf"), pause(0.1)))
    begun, ended, again, last = heard(audio, step)
    assert (begun, ended) == (Speech(8000), Speech(8000, 11680))
    assert abs(again.start - 19680) <= 160
    assert last.end == len(audio) - len(audio) % 160


def test_a_click_is_no_speech() -> None:
    assert heard(np.concatenate((pause(0.5), speak("mike", word=0.08), pause(1)))) == []


def test_steady_noise_is_no_speech_and_speech_in_it_is() -> None:
    noise = np.random.default_rng(1).normal(0, 300, 8000 * 8).astype(np.int16)
    noise[8000 * 6 :] = np.clip(noise[8000 * 6 :] + np.resize(speak("zulu"), 16000), -32768, 32767)
    found = [speech for speech in heard(noise) if speech.end is not None and speech.start > 8000 * 4]
    assert len(found) == 1
    assert abs(found[0].start - 48_000) < 400


def test_quiet() -> None:
    assert is_quiet(pause(1), 8000)
    assert is_quiet(pause(0), 8000)
    assert not is_quiet(np.concatenate((pause(1), speak("mike"))), 8000)
