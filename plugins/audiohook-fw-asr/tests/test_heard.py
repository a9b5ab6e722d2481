"""What engines may say, and what is made of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from audiohook_fw_asr import Result, Word
from audiohook_fw_asr.heard import GarbageError, HeardWord, read_result
from hypothesis import given
from hypothesis import strategies as st

GOOD = Result(
    "hello there", True, 1.0, 0.5, 0.9, "en-US", (Word("hello", 1.0, 0.25), Word("there", 1.25, 0.25))
)


def read(result: Any) -> Any:
    return read_result(result, 80_000, 16_000, 8000)


def test_times_become_indices() -> None:
    heard = read(GOOD)
    assert (heard.start, heard.end, heard.confidence, heard.language) == (88_000, 92_000, 0.9, "en-US")
    assert heard.words == (HeardWord("hello", 88_000, 90_000), HeardWord("there", 90_000, 92_000))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"text": None}, "no text but NoneType"),
        ({"text": b"hello"}, "no text but bytes"),
        ({"text": "x" * 10_001}, "10001 characters"),
        ({"text": "\ud800"}, "no Unicode"),
        ({"start": float("nan")}, "no numbers"),
        ({"length": float("inf")}, "no numbers"),
        ({"start": "1"}, "no numbers"),
        ({"length": True}, "no numbers"),
        ({"start": -3.0}, "negative"),
        ({"length": -0.1}, "negative"),
        ({"start": 1.9, "length": 0.7}, "never sent"),
    ],
)
def test_garbage_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(GarbageError, match=why) as caught:
        read(replace(GOOD, **change))
    assert "hello" not in str(caught.value)


@pytest.mark.parametrize("result", [None, "hello", {"text": "hello"}, 5])
def test_what_is_no_result_is_refused(result: Any) -> None:
    with pytest.raises(GarbageError, match="must be a Result"):
        read(result)


def test_a_little_outside_is_put_right() -> None:
    heard = read(replace(GOOD, start=-0.2, length=2.6))
    assert (heard.start, heard.end) == (80_000, 96_000)
    odd = replace(GOOD, confidence=float("nan"), language="no language!")
    assert (read(odd).confidence, read(odd).language) == (1.0, "")
    assert read(replace(GOOD, confidence=7)).confidence == 1.0


@pytest.mark.parametrize("words", ["words", [1], (Word("a", -9.0, 1.0),), (Word(None, 0.0, 0.1),)])  # type: ignore[arg-type]
def test_the_text_outlives_its_words(words: Any) -> None:
    heard = read(replace(GOOD, words=words))
    assert (heard.text, heard.words) == ("hello there", ())


def test_words_are_put_in_order() -> None:
    heard = read(replace(GOOD, words=[Word("b", 0.5, 0.1), Word(" ", 0.4, 0.1), Word("a", 0.1, 0.1)]))
    assert [word.text for word in heard.words] == ["a", "b"]


@given(
    st.floats(), st.floats(), st.one_of(st.floats(), st.text(), st.none()), st.one_of(st.text(), st.binary())
)
def test_whatever_comes_is_read_or_refused(start: Any, length: Any, confidence: Any, text: Any) -> None:
    try:
        heard = read(Result(text, True, start, length, confidence, text, (Word(text, length, start),)))
    except GarbageError:
        return
    assert 80_000 <= heard.start <= heard.end <= 96_000
    assert 0 <= heard.confidence <= 1
    assert all(80_000 <= word.start <= word.end <= 96_000 for word in heard.words)
