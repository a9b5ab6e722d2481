"""Scores are those of vaderSentiment 3.3.2, whatever a recognizer makes of capitals and punctuation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest
from audiohook_fw_sentiment import Utterance, Vader
from audiohook_fw_sentiment.lexicon import spoken_words
from audiohook_fw_sentiment.rules import compound
from hypothesis import given
from hypothesis import strategies as st

RECORDED = json.loads((Path(__file__).parent / "vader_scores.json").read_text(encoding="utf-8"))
"""Texts in small letters without punctuation, and the `compound` of each by vaderSentiment 3.3.2."""

PLAIN: Final = Vader(call_centre=False)
WHOLE: Final = Vader()
SPOKEN: Final = (
    "not never no very kind of but good great bad awful angry so this without doubt least at thanks please "
    "on hold for don't hardly problem number seven the"
)
WORDS: Final = st.sampled_from(SPOKEN.split())
TEXTS: Final = st.lists(WORDS, max_size=15).map(" ".join)


def score(text: str, engine: Vader = PLAIN) -> float:
    return engine.score(Utterance(text, "en", "external"))


def test_scores_are_those_of_the_original() -> None:
    assert len(RECORDED) == 500
    others = [(text, kept) for text, kept in RECORDED if score(text) != pytest.approx(kept, abs=1e-4)]
    assert others == []


def test_recorded_scores_are_of_all_kinds() -> None:
    kept = [number for _, number in RECORDED]
    assert sum(number > 0 for number in kept) > 100
    assert sum(number < 0 for number in kept) > 100


def test_equal_weights_around_a_but_are_told_apart() -> None:
    weights = {"fine": 1.0}
    total = 1.0 * 0.5 + 1.0 * 1.5
    assert compound(["fine", "but", "fine"], weights) == pytest.approx(total / (total * total + 15) ** 0.5)


@given(TEXTS, st.sampled_from([PLAIN, WHOLE]))
def test_scores_are_in_bounds(text: str, engine: Vader) -> None:
    assert -1 <= score(text, engine) <= 1


@given(TEXTS, st.data())
def test_capitals_and_punctuation_change_nothing(text: str, data: st.DataObject) -> None:
    marks = st.sampled_from(["", ".", ",", "!", "?", "...", '"', "…"])
    words = [
        data.draw(st.sampled_from([word, word.upper(), word.title(), word.replace("'", "’")]))
        + data.draw(marks)
        for word in text.split()
    ]
    assert score(" ".join(words), WHOLE) == score(text, WHOLE)


@given(st.text(max_size=200))
def test_any_text_has_a_score(text: str) -> None:
    assert -1 <= score(text, WHOLE) <= 1
    assert all(word == word.lower() for word in spoken_words(text.lower()))


def test_a_number_is_no_mood() -> None:
    assert score("182") == score("143 1432") == 0


def test_a_text_without_end_is_looked_at_in_part() -> None:
    assert score("good " * 100_000) == score("good " * 400)
