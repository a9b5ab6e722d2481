"""Lexicons: layers, phrases, and the files that come with the package."""

from __future__ import annotations

import pytest
from audiohook_fw_sentiment.lexicon import Lexicon, read, spoken_words
from hypothesis import given
from hypothesis import strategies as st


def test_words_without_what_surrounds_them() -> None:
    assert spoken_words("“Well,” I said: DON’T… (ever) -- go!") == [
        "well",
        "i",
        "said",
        "don't",
        "ever",
        "go",
    ]


def test_what_a_filter_put_instead_of_words_is_no_word() -> None:
    lexicon = Lexicon([{"gift": 1.9, "wrong gift": -2.0}])
    assert lexicon.terms("it is [gift] [card 1111] and [gift_2] yes") == ["it", "is", "and", "yes"]
    assert lexicon.terms("a [Gift] and [gift card] 'gift' [") == ["a", "gift", "and", "gift", "card", "gift"]


def test_later_layers_override() -> None:
    lexicon = Lexicon([{"please": 1.3, "hold": 1.0}, {"please": 0.0}, {"On  HOLD,": -1.2}])
    assert lexicon.weights == {"please": 0.0, "hold": 1.0, "on hold": -1.2}


def test_the_longest_phrase_counts_as_one() -> None:
    lexicon = Lexicon([{"on hold": -1.0, "on hold for hours": -2.0, "on": 0.1}])
    assert lexicon.terms("On hold for hours, on hold for me. On") == [
        "on hold for hours",
        "on hold",
        "for",
        "me",
        "on",
    ]


@given(
    st.lists(st.sampled_from(["a", "b", "c"]), max_size=12), st.sets(st.sampled_from(["a b", "b c a", "c c"]))
)
def test_terms_hold_all_words_in_order(words: list[str], phrases: set[str]) -> None:
    terms = Lexicon([dict.fromkeys(phrases, 1.0)]).terms(" ".join(words))
    assert " ".join(terms).split() == words
    assert all(" " not in term or term in phrases for term in terms)


@pytest.mark.parametrize(("name", "at_least"), [("vader", 7_000), ("call_centre", 150)])
def test_files_of_the_package(name: str, at_least: int) -> None:
    found = read(name)
    assert len(found) >= at_least
    assert all(-4 <= weight <= 4 for weight in found.values())
    assert all(" ".join(spoken_words(text)) == text for text in found)


def test_the_lexicon_brings_its_licence() -> None:
    from importlib.resources import files

    text = files("audiohook_fw_sentiment").joinpath("data", "vader.txt").read_text(encoding="utf-8")
    assert "Copyright (c) 2016 C.J. Hutto" in text
