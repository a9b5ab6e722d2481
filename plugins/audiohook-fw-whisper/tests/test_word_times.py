"""The times of words, put right by the level."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from audiohook_fw_whisper.word_times import word_times

RATE = 16_000


def word(text: str, start: float, end: float) -> SimpleNamespace:
    return SimpleNamespace(word=text, start=start, end=end, probability=0.5)


def loud_at(seconds: float, *spans: tuple[float, float]) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    tone = 8_000 * np.sin(2 * np.pi * 300 * time)
    heard = sum((time >= start) & (time < end) for start, end in spans)
    return (tone * heard).astype(np.int16)


def test_words_lose_the_silence_around_them() -> None:
    samples = loud_at(2.0, (0.5, 0.9), (1.2, 1.6))
    first, second = word_times([word(" one", 0.0, 1.0), word(" two.", 1.0, 2.0)], samples, RATE)
    assert (first.text, second.text) == ("one", "two.")
    assert (first.start, first.end) == pytest.approx((0.5, 0.9), abs=0.011)
    assert (second.start, second.end) == pytest.approx((1.2, 1.6), abs=0.011)
    assert first.confidence == 0.5


def test_words_stay_inside_of_the_piece() -> None:
    samples = loud_at(1.0, (0.0, 1.0))
    words = word_times([word("a", -1.0, 0.3), word("b", 0.9, 5.0), word("c", 3.0, 2.0)], samples, RATE)
    assert [(w.start, w.end) for w in words] == [(0.0, 0.3), (0.9, 1.0), (1.0, 1.0)]


def test_words_of_which_nothing_is_loud_keep_their_times() -> None:
    samples = loud_at(2.0, (1.5, 2.0))
    quiet, short = word_times([word("a", 0.2, 0.8), word("b", 1.0, 1.52)], samples, RATE)
    assert (quiet.start, quiet.end) == (0.2, 0.8)
    assert (short.start, short.end) == (1.0, 1.52)  # 20 ms are no word


def test_empty_words_and_pieces() -> None:
    assert word_times([word(" ", 0.0, 1.0)], loud_at(1.0, (0.0, 1.0)), RATE) == ()
    (only,) = word_times([word("a", 0.0, 1.0)], np.zeros(10, np.int16), RATE)
    assert only.start == 0.0
