"""Dates of birth, and other dates."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Found = Callable[..., list[tuple[str, str, str]]]
DATES = [
    "03/14/1985", "14.3.1985", "1985-03-14", "3/14/85", "March 14, 1985", "14 March 1985", "march 14th 1985",
    "march fourteenth nineteen eighty five", "fourteenth of march eighty five",
    "third of the fourth eighty seven", "third of fourth nineteen eighty seven",
    "may the first two thousand three",
    "three fourteen eighty five", "oh three one four one nine eight five", "03141985",
]  # fmt: skip


@pytest.mark.parametrize("said", DATES)
def test_dates_of_birth(said: str, found: Found) -> None:
    assert [(entry[0], entry[2]) for entry in found(f"I was born {said} in Leeds")] == [("birth_date", said)]


@pytest.mark.parametrize("said", DATES[:10])
def test_other_dates_stay(said: str, found: Found) -> None:
    assert found(f"the delivery was {said} in Leeds") == []


def test_a_label_with_dots(found: Found) -> None:
    assert [entry[2] for entry in found("D.O.B. 3-4-87")] == ["3-4-87"]


def test_a_month_alone_stays(found: Found) -> None:
    assert found("my birthday is in may") == []


@pytest.mark.parametrize(
    "text",
    [
        "geboren am 14.03.1972", "Geburtsdatum 14.03.72", "née le 14/03/1972",
        "fecha de nacimiento 14/03/1972",
        "data di nascita 14-03-1972", "geboortedatum 14-03-1972",
    ],
)  # fmt: skip
def test_written_dates_in_other_languages(text: str, found: Found) -> None:
    assert [(kind, value) for kind, _, value in found(text)] == [("birth_date", text.rpartition(" ")[2])]


def test_parts_that_are_called_so(found: Found) -> None:
    text = "the day of birth is fourteen, the month is three and the year is seventy two"
    assert [value for *_, value in found(text)] == ["fourteen", "three", "seventy two"]


def test_other_numbers_beside_a_birthday_stay(found: Found) -> None:
    assert found("my birthday is next month and I turn forty") == []
