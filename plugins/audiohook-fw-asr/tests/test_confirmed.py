"""What was confirmed is not confirmed again."""

from __future__ import annotations

from audiohook_fw_asr.confirmed import Confirmed
from audiohook_fw_asr.heard import Heard, HeardWord
from hypothesis import given
from hypothesis import strategies as st


def final(start: int, *texts: str, words: bool = True, length: int = 1600) -> Heard:
    spoken = tuple(
        HeardWord(text, start + n * length, start + (n + 1) * length) for n, text in enumerate(texts)
    )
    end = start + len(texts) * length
    return Heard(" ".join(texts), True, start, end, words=spoken if words else ())


def test_a_final_moves_what_is_confirmed() -> None:
    confirmed = Confirmed(8000)
    assert confirmed.add(final(8000, "a", "b")) == final(8000, "a", "b")
    assert confirmed.until == 11_200
    assert confirmed.add(Heard("", True, 12_000, 16_000)) is None  # nothing was said there
    assert confirmed.until == 16_000
    confirmed.advance(3)
    assert confirmed.until == 16_000


def test_the_same_again_is_nothing_new() -> None:
    for words in (True, False):
        confirmed = Confirmed(8000)
        confirmed.add(final(8000, "a", "b", words=words))
        assert confirmed.add(final(8000, "a", "b", words=words)) is None
        assert confirmed.add(final(8100, "A", "B", words=words)) is None


def test_another_text_for_the_same_audio_is_nothing_new() -> None:
    confirmed = Confirmed(8000)
    confirmed.add(final(8000, "a", "b", words=False))
    assert confirmed.add(final(8100, "c", "d", words=False)) is None
    assert confirmed.add(final(12_000, "c", words=False)) is not None


def test_only_the_new_words_are_told() -> None:
    confirmed = Confirmed(8000)
    confirmed.add(final(8000, "a", "b"))
    new = confirmed.add(final(8000, "a", "b", "c"))
    assert new is not None
    assert (new.text, new.start, new.end, [word.text for word in new.words]) == ("c", 11_200, 12_800, ["c"])


def test_the_same_word_said_again_is_new() -> None:
    confirmed = Confirmed(8000)
    confirmed.add(final(8000, "no"))
    assert confirmed.add(final(9600, "no")) is not None
    assert confirmed.add(final(4000, "no")) is not None  # it came late


def test_words_that_touch_are_both_kept() -> None:
    confirmed = Confirmed(8000)
    confirmed.add(final(8000, "one"))
    assert confirmed.add(final(9400, "two")) is not None


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_each_word_once_whatever_is_repeated(numbers: list[int]) -> None:
    confirmed, told = Confirmed(8000), []
    for number in numbers:
        new = confirmed.add(final(number * 3200, f"word{number}", f"end{number}"))
        told += [word.text for word in new.words] if new is not None else []
    assert sorted(told) == sorted(f"{kind}{number}" for number in set(numbers) for kind in ("word", "end"))
