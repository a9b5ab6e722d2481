"""The search for seeded values finds them in whatever form, and nothing else."""

from __future__ import annotations

import pytest

from .seeded import Search, Seeded, digits_in, seeded

CARD = Seeded("card", "my card is four one one one", "four one one one", "4111111111111111")


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("four one double one", "4111"),
        ("triple five, twenty four and then forty", "5552440"),
        ("4 1 one 1", "4111"),
        ("forty-one eleven", "4111"),
        ("for to oh uh ate", "4208"),
        ("twenty o five", "2005"),
        ("(201) 555-0199", "2015550199"),
        ("4111 tea 1111", "4111 1111"),
    ],
)
def test_digits_are_read_however_they_are_said(text: str, digits: str) -> None:
    assert digits_in(text).strip() == digits


@pytest.mark.parametrize(
    "text",
    [
        "x4111111111111111y",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "it is four one one one, one one one one one one one one one one one one",
        "four triple one, double one double one uh double one double one double one double one",
        "forty one eleven eleven eleven eleven eleven eleven eleven",
        '"text": "4111 1111"}, {"text": "1111 1111"',
    ],
)
def test_a_card_is_found_in_every_form(text: str) -> None:
    search = Search([CARD])
    if "}" in text:
        assert not search.anywhere(text)  # other words between: these are parts
        assert search.in_words(text)
    else:
        assert search.anywhere(text)
        assert search.anywhere(text.upper().encode())


def test_parts_of_a_number_count_only_in_what_was_said() -> None:
    search = Search([CARD])
    assert search.in_words("so four double one one, one one then?")
    assert not search.in_words("so four one one it is")
    assert not search.anywhere("at 411111 ns")


def test_every_value_of_the_generator_is_found_in_its_own_text_and_in_none_that_is_innocent() -> None:
    personal, innocent = seeded(5, 140)
    assert {one.kind for one in personal} == {"card", "phone", "email", "national_id", "iban", "birth_date"}
    for one in personal:
        assert Search([one]).anywhere(f"before {one.text} after"), one
        assert Search([one]).in_words(one.text), one
    search = Search(personal)
    assert [one.text for one in innocent if search.in_words(one.text)] == []
