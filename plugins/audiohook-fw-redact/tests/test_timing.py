"""When a piece was said: by words whose times can be right, else by its share of the text."""

from __future__ import annotations

import pytest
from audiohook_fw_redact.cutting import align
from audiohook_fw_redact.timing import Timing
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw import Transcript, Word

SECOND = 8000
MARGIN = 1600
Times = list[tuple[int, int]]


def stretch(
    text: str, piece: str, times: Times, *, length: int = 10 * SECOND, start: int = 0
) -> tuple[int, int]:
    """Return when a piece of a text was said, by starts and lengths of words in tenths of seconds."""
    words = tuple(
        Word(text=word, start=at * SECOND // 10, length=long * SECOND // 10)
        for word, (at, long) in zip(text.split(), times, strict=True)
    )
    event = Transcript(channel="external", text=text, start=start, length=length, words=words)
    places = align(text, words) if words else None
    at = text.index(piece)
    return Timing(event, places, MARGIN).of((at, at + len(piece)))


TEXT = "it is 41 11 ok"


def test_words_with_times_tell_exactly() -> None:
    times = [(0, 5), (5, 5), (40, 8), (50, 9), (90, 5)]
    assert stretch(TEXT, "41 11", times) == (32_000 - MARGIN, 47_200 + MARGIN)


@pytest.mark.parametrize(
    "times",
    [
        [(0, 0)] * 5,
        [(0, 5), (5, 5), (0, 0), (0, 0), (90, 5)],
        [(0, 5), (5, 5), (40, 8), (0, 0), (90, 5)],
        [(0, 5), (5, 5), (40, 8), (48, 0), (90, 5)],
        [(200, 5), (205, 5), (240, 8), (250, 9), (290, 5)],
        [(0, 5), (50, 9), (5, 5), (1, 1), (90, 5)],
    ],
    ids=["none", "not of the piece", "not of one", "no length", "of elsewhere", "out of order"],
)
def test_words_whose_times_cannot_be_right(times: Times) -> None:
    """What is said in the middle is in the stretch at any rate."""
    start, end = stretch(TEXT, "41 11", times)
    assert start <= 4 * SECOND
    assert end >= 8 * SECOND
    assert end <= 10 * SECOND + MARGIN


def test_digits_take_longer_to_say_than_to_write() -> None:
    text = "the number of my card is written on it so let me read it 4111111111111111"
    event = Transcript(channel="external", text=text, start=0, length=10 * SECOND)
    start, end = Timing(event, None, 0).of((text.index("4"), len(text)))
    assert start <= 10 * SECOND * 14 // 30  # 14 words are before 16 digits
    assert end == 10 * SECOND


def test_words_count_where_the_utterance_has_no_length() -> None:
    times = [(0, 5), (5, 5), (40, 8), (50, 9), (90, 5)]
    assert stretch(TEXT, "41 11", times, length=0) == (32_000 - MARGIN, 47_200 + MARGIN)


PLACES = st.tuples(st.integers(0, 120), st.integers(0, 30))


@given(st.lists(PLACES, min_size=5, max_size=5), st.integers(0, 20 * SECOND), st.integers(0, 20 * SECOND))
def test_a_stretch_is_never_empty_and_never_far_off(times: Times, start: int, length: int) -> None:
    begin, end = stretch(TEXT, "41 11", times, start=start, length=length)
    assert 0 <= begin < end
    if length:
        assert start - MARGIN * 2 <= begin
        assert end <= start + length + MARGIN * 2
