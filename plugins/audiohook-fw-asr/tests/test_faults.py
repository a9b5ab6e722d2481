"""Engines that fail in every way: each word is heard once, with a second engine and without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from audiohook_fw_asr import RecognitionStatus
from audiohook_fw_asr.testing import VOCABULARY, EngineFault, ScriptedEngine, pause, speak

from audiohook_fw import Transcript

Call = Callable[..., Any]


def script(utterances: int, gap: float = 1.0) -> tuple[Any, list[tuple[str, int]]]:
    """Return audio in which two words are said again and again, and each word with its place."""
    parts, words, at = [pause(0.5)], [], 4000
    for number in range(utterances):
        for word in (VOCABULARY[number % 26], VOCABULARY[(number + 7) % 26]):
            words.append((word, at))
            parts += [speak(word), pause(0.06)]
            at += 2080
        parts.append(pause(gap))
        at += round(gap * 8000)
    return np.concatenate(parts), words


def heard(call: Any, channel: str = "external") -> list[tuple[str, int]]:
    """Return the words of all finals, by their place."""
    finals = [e for e in call.emitted if isinstance(e, Transcript) and e.is_final and e.channel == channel]
    return sorted(((w.text, w.start) for f in finals for w in f.words), key=lambda word: word[1])


def states(call: Any, channel: str = "external") -> list[tuple[str, str]]:
    found = [e for e in call.emitted if isinstance(e, RecognitionStatus) and e.channel == channel]
    return [(status.state, status.engine) for status in found]


RECOVERABLE = [fault for fault in EngineFault if fault is not EngineFault.REPEATING]


@pytest.mark.parametrize("after", [0.0, 3.1])
@pytest.mark.parametrize("fault", RECOVERABLE)
def test_the_second_engine_stands_in(new_call: Call, fault: EngineFault, after: float) -> None:
    audio, words = script(30)
    bad = ScriptedEngine(name="bad", faults=[(fault, after)] * 2, always=fault)
    good = ScriptedEngine(name="good")
    call = new_call(bad, good)
    call.open()
    call.audio(audio)
    call.close()
    for channel in ("external", "internal"):
        assert heard(call, channel) == words
        assert ("running", "good") in states(call, channel)
    assert bad.open == good.open == 0
    assert call.faults == ()


@pytest.mark.parametrize("fault", list(EngineFault))
def test_the_only_engine_comes_back(new_call: Call, fault: EngineFault) -> None:
    audio, words = script(30)
    engine = ScriptedEngine(faults=[(fault, 3.1), None, (fault, 8.1)])
    call = new_call(engine, channels=["internal"])
    call.open()
    call.audio(audio)
    call.close()
    lost = sum(e.dropped for e in call.emitted if isinstance(e, RecognitionStatus))
    found = heard(call, "internal")
    assert len(set(found)) == len(found)
    assert set(found) <= set(words)
    if fault is EngineFault.SLOW:  # what it would never catch up with is left out, and it says so
        assert lost > 0
    else:
        assert lost == 0
        assert found == words
