"""Texts and words in step, whatever is cut out of them."""

from __future__ import annotations

from audiohook_fw_redact.cutting import Cut, align, cut_text, cut_words
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw import Word


def timed(*texts: str) -> tuple[Word, ...]:
    return tuple(Word(text=text, start=10 * at, length=10) for at, text in enumerate(texts))


def test_align() -> None:
    assert align("So, it's ME.", timed("so", "it's", "me")) == [(0, 2), (4, 8), (9, 11)]
    assert align("so it's me", timed("so", "me")) is None
    assert align("so it's me", timed("so", "it's")) is None
    assert align("so", timed("so", "it's")) is None
    assert align("so", timed("so", " ")) is None


PARTS = st.lists(st.text("ab1.-", min_size=1, max_size=6).filter(str.strip), min_size=1, max_size=8)


@given(PARTS, st.lists(st.integers(0, 60), max_size=8))
def test_words_stay_those_of_the_text(parts: list[str], edges: list[int]) -> None:
    text, words = " ".join(parts), timed(*parts)
    places = align(text, words)
    if places is None:
        return
    bounds = sorted({min(edge, len(text)) for edge in edges})
    cuts = [Cut(a, b, "[x]") for a, b in zip(bounds[::2], bounds[1::2], strict=False) if text[a:b].strip()]
    left, kept = cut_text(text, cuts), cut_words(text, words, places, cuts)
    assert "".join(word.text for word in kept).replace(" ", "") == left.replace(" ", "")
    assert sum(word.length for word in kept) == sum(word.length for word in words)
    assert [word.start for word in kept] == sorted(word.start for word in kept)
