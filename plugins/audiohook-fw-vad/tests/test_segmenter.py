"""The segments are what the rules say, for any probabilities and cuts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from audiohook_fw_vad.segmenter import Ended, Rules, Segmenter, Started
from hypothesis import given
from hypothesis import strategies as st

WINDOW = 80  # 10 ms
RULES = Rules(0.5, 0.35, min_speech=800, min_silence=2400)


def play(text: str, rules: Rules = RULES, segmenter: Segmenter | None = None) -> list[Started | Ended]:
    """Play windows of 10 ms: `#` speech, `.` silence, `~` in between, `|` a cut."""
    segmenter = segmenter or Segmenter(rules)
    changes: list[Started | Ended] = []
    position = 0
    for letter in text:
        if letter == "|":
            changes += segmenter.cut(position)
            continue
        probability = {"#": 1.0, ".": 0.0, "~": 0.4}[letter]
        changes += segmenter.window(position, position + WINDOW, probability, WINDOW)
        position += WINDOW
    return changes


def seconds(*pieces: tuple[str, float]) -> str:
    return "".join(letter * round(length * 100) for letter, length in pieces)


def test_speech_is_told_when_there_is_enough_and_ends_when_silence_is_long_enough() -> None:
    assert play(seconds((".", 0.5), ("#", 0.09))) == []
    assert play(seconds((".", 0.5), ("#", 0.1))) == [Started(4000)]
    assert play(seconds((".", 0.5), ("#", 1), (".", 0.29))) == [Started(4000)]
    assert play(seconds((".", 0.5), ("#", 1), (".", 0.3))) == [Started(4000), Ended(4000, 12000)]


def test_less_than_100_ms_is_none() -> None:
    assert play(seconds(("#", 0.09), (".", 1))) == []


def test_silences_of_410_ms_separate_and_of_60_ms_do_not() -> None:
    text = seconds(("#", 0.5), (".", 0.06), ("#", 0.5), (".", 0.41), ("#", 0.5), (".", 0.41))
    ended = [change for change in play(text) if isinstance(change, Ended)]
    assert ended == [Ended(0, 8480), Ended(11760, 15760)]


def test_two_clicks_far_apart_are_no_speech() -> None:
    assert play(seconds(("#", 0.06), (".", 0.2), ("#", 0.06), (".", 0.2)) * 5) == []


def test_between_the_thresholds_speech_goes_on_but_does_not_begin() -> None:
    assert play(seconds(("~", 1))) == []
    assert play(seconds(("#", 0.2), ("~", 1), (".", 0.3))) == [Started(0), Ended(0, 9600)]


def test_a_cut_in_speech_splits_it_exactly_there() -> None:
    text = seconds(("#", 0.5)) + "|" + seconds(("#", 0.5), (".", 0.3))
    assert play(text) == [Started(0), Ended(0, 4000), Started(4000), Ended(4000, 8000)]


def test_a_cut_in_silence_makes_nothing() -> None:
    text = seconds(("#", 0.5), (".", 0.5)) + "|" + seconds((".", 0.5))
    assert play(text) == [Started(0), Ended(0, 4000)]
    assert play("|" + seconds((".", 0.5)) + "|") == []


def test_a_cut_in_the_silence_after_speech_ends_it_where_it_was_heard() -> None:
    assert play(seconds(("#", 0.5), (".", 0.1)) + "|" + seconds((".", 1))) == [Started(0), Ended(0, 4000)]


def test_padding_never_crosses_a_cut() -> None:
    rules = Rules(0.5, 0.35, min_speech=800, min_silence=2400, pad_before=800, pad_after=800)
    text = seconds((".", 0.5), ("#", 0.5), (".", 0.5))
    assert play(text, rules) == [Started(3200), Ended(3200, 8800)]
    cut = seconds(("#", 0.5), (".", 0.02)) + "|" + seconds((".", 0.02), ("#", 0.5), (".", 0.3))
    assert play(cut, rules) == [Started(0), Ended(0, 4160), Started(4160), Ended(4160, 9120)]


def test_missing_call_time_is_no_silence() -> None:
    segmenter = Segmenter(RULES)
    assert segmenter.window(0, 800, 1, 800) == [Started(0)]
    assert segmenter.window(800, 80_000, 0, 80) == []  # nearly all of it was discarded
    assert segmenter.speaking_since == 0
    assert segmenter.window(80_000, 80_800, 1, 800) == []
    assert segmenter.cut(90_000) == [Ended(0, 80_800)]
    assert segmenter.speaking_since is None


rules = st.builds(
    Rules,
    st.just(0.5),
    st.just(0.35),
    min_speech=st.integers(160, 3200),
    min_silence=st.integers(400, 8000),
    pad_before=st.integers(0, 200),
    pad_after=st.integers(0, 200),
)
inputs = st.lists(st.tuples(st.sampled_from("####....~|"), st.integers(1, 40)), max_size=30)


@given(rules, inputs)
def test_for_any_input_segments_are_whole_apart_and_long_enough(
    rules: Rules, pieces: list[tuple[str, int]]
) -> None:
    text = "".join(letter * (1 if letter == "|" else count) for letter, count in pieces)
    changes = play(text + "|", rules)
    starts = changes[::2]
    ends = changes[1::2]
    assert len(starts) == len(ends)
    for started, ended in zip(starts, ends, strict=True):
        assert isinstance(started, Started)
        assert isinstance(ended, Ended)
        assert started.start == ended.start < ended.end
        assert ended.end - ended.start >= rules.min_speech - rules.pad_before
    for before, after in pairwise(ends):
        assert before.end <= after.start  # type: ignore[union-attr]


@given(rules, st.integers(0, 60), st.integers(1, 400), st.integers(0, 60))
def test_one_run_of_speech_is_found_to_the_window(rules: Rules, before: int, speech: int, after: int) -> None:
    text = "." * before + "#" * speech + "." * after + "|"
    ended = [change for change in play(text, rules) if isinstance(change, Ended)]
    if speech * WINDOW < rules.min_speech:
        assert ended == []
        return
    (segment,) = ended
    first, last = before * WINDOW, (before + speech) * WINDOW
    assert segment.start == max(first - rules.pad_before, 0)
    assert segment.end == (min(last + rules.pad_after, last + after * WINDOW) if after else last)


@pytest.mark.parametrize("silence", [1, 10, 29])
def test_short_silences_do_not_split(silence: int) -> None:
    changes = play(("#" * 50 + "." * silence) * 4 + "." * 30)
    assert len(changes) == 2
