"""Texts that say the same are the same; others differ by as many words as they do."""

from __future__ import annotations

import pytest

from .words import WordScore, distance, normalize


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sure, it is four seven one, two two nine.", "sure it's 471-229"),
        ("on the ninth of June, nineteen eighty two", "On the 9th of June 1982."),
        ("The change costs forty five dollars.", "the change costs $45"),
        ("over fifty dollars", "Over 50 dollars!"),
        ("two hundred and five", "200 and 5"),
        ("twelve dollars", "$12"),
        ("I do not know, I am sorry.", "I don't know. I’m sorry."),
        ("Do not worry, I will block it", "don't worry I'll block it"),
        ("All right, okay", "Alright, OK"),
        ("my email", "My e-mail"),
        ("Mister Miller", "Mr. Miller"),
        ("at ten o'clock", "at 10 o'clock"),
        ("at ten", "at 10:00"),
        ("four one one one", "4111"),
    ],
)
def test_the_same(one: str, other: str) -> None:
    assert normalize(one) == normalize(other)


@pytest.mark.parametrize(
    ("one", "other"), [("twenty five", "26"), ("my bill", "my pill"), ("I can", "I cannot")]
)
def test_not_the_same(one: str, other: str) -> None:
    assert normalize(one) != normalize(other)


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("", "", 0), ("a b c", "", 3), ("", "a", 1), ("a b c", "a x c", 1), ("a b c d", "b c d e", 2)],
)
def test_distance(one: str, other: str, edits: int) -> None:
    assert distance(one.split(), other.split()) == edits


def test_rate_is_over_all_texts() -> None:
    score = WordScore()
    assert score.rate == 0
    score.add("I lost my card", "I lost my cart")
    score.add("in a taxi", "in the big taxi")
    assert (score.words, score.errors) == (7, 3)
    assert score.rate == pytest.approx(3 / 7)
