"""Background is told from speech by level, and on a quiet line nothing is background."""

from __future__ import annotations

import numpy as np
from audiohook_fw_vad.gate import Gate, GateRules

RATE, WINDOW = 8000, 240
RULES = GateRules(below=15.5, above=13)


def shares(*pieces: tuple[float, float]) -> list[float]:
    """Play noise of these levels (dB of full scale) and seconds; return the shares of background."""
    gate = Gate(RULES, window=WINDOW, rate=RATE)
    random = np.random.default_rng(8)
    result = []
    for level, seconds in pieces:
        count = round(seconds * RATE / WINDOW)
        noise = random.normal(0, 32768 * 10 ** (level / 20), (count, WINDOW))
        judged = [gate.is_background(np.clip(row, -32768, 32767).astype(np.int16)) for row in noise]
        result.append(sum(judged) / count)
    return result


def test_voices_far_below_who_speaks_are_background() -> None:
    babble, speech, again = shares((-40, 2), (-20, 2), (-40, 3))
    assert babble == 1
    assert speech < 0.1
    assert again > 0.9


def test_who_speaks_softly_on_a_quiet_line_is_heard() -> None:
    _, loud, _, soft = shares((-70, 1), (-15, 2), (-70, 1), (-40, 2))
    assert loud < 0.1
    assert soft < 0.1


def test_right_after_a_voice_a_quiet_line_is_background_at_once_and_a_loud_one_is_not() -> None:
    *_, quiet = shares((-70, 1), (-20, 1), (-70, 0.09))
    *_, noisy = shares((-40, 1), (-20, 1), (-40, 0.09))
    assert (quiet, noisy) == (1, 0)


def test_in_loud_noise_the_engine_alone_decides() -> None:
    noise, speech, again = shares((-25, 3), (-19, 2), (-25, 3))
    assert noise == speech == again == 0


def test_a_call_that_begins_in_the_middle_of_speech_is_heard() -> None:
    assert shares((-20, 1)) == [0]


def test_a_loud_voice_is_forgotten() -> None:
    *_, late = shares((-45, 1), (-10, 1), (-45, 70), (-30, 2))
    assert late < 0.1


def test_silence_is_no_trouble() -> None:
    gate = Gate(RULES, window=WINDOW, rate=RATE)
    silence = np.zeros(WINDOW, dtype=np.int16)
    assert all(gate.is_background(silence) for _ in range(500))
    loudest = np.full(WINDOW, -32768, dtype=np.int16)
    assert not gate.is_background(loudest)
