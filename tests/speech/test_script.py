"""The script reads as it says, and a mistake in it is named."""

from __future__ import annotations

import pytest

from .script import CALLS, Line, read_calls


def test_a_call_is_read() -> None:
    text = "# note\n\njoe heart\ni . Hello.\ne < Hi, there.\n\nheart joe\ne . One.\n"
    first, second = read_calls(text)
    assert first == (
        Line("internal", "heart", "Hello."),
        Line("external", "joe", "Hi, there.", overlaps=True),
    )
    assert second == (Line("external", "heart", "One."),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("joe nobody\ni . Hello.", "line 1: two voices"),
        ("joe heart\nx . Hello.", "line 2:"),
        ("joe heart\ni ? Hello.", "line 2:"),
        ("joe heart\ni .", "line 2:"),
    ],
)
def test_a_mistake_is_named(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_calls(text)


def test_the_calls_that_are_there_have_every_voice_and_overlaps() -> None:
    calls = read_calls(CALLS.read_text(encoding="utf-8"))
    lines = [line for call in calls for line in call]
    assert len(calls) >= 12
    assert {line.voice for line in lines} == {
        "joe",
        "heart",
        "joe_deep",
        "joe_bright",
        "heart_low",
        "robot",
    }
    assert sum(line.overlaps for line in lines) >= len(calls)
