"""Days and hours as minutes of a week."""

from __future__ import annotations

import pytest
from audiohook_fw_policy.hours import WEEK, days_of, hours_of, open_minutes


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon", {0}),
        ("Mon - Fri", {0, 1, 2, 3, 4}),
        ("sat-mon", {5, 6, 0}),
        ("sunday", {6}),
        ("tuesday-wed", {1, 2}),
        ("thu-thu", {3}),
    ],
)
def test_days(text: str, days: set[int]) -> None:
    assert days_of(text) == days


@pytest.mark.parametrize("text", ["", "mo", "mon-", "-fri", "mon-fri-sun", "month", "weekend"])
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(ValueError, match="is no day; allowed: mon, tue"):
        days_of(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("08:00-18:30", (480, 1110)),
        ("8:00 - 9:00", (480, 540)),
        ("00:00-24:00", (0, 1440)),
        ("22:00-06:00", (1320, 1800)),
    ],
)
def test_hours(text: str, span: tuple[int, int]) -> None:
    assert hours_of(text) == span


def at(day: int, hour: int, minute: int = 0) -> int:
    return (day * 24 + hour) * 60 + minute


def test_hours_belong_to_the_day_on_which_they_begin() -> None:
    week = open_minutes([4], [hours_of("20:00-07:00")])  # Friday night
    assert len(week) == WEEK
    assert sum(week) == 11 * 60
    assert week[at(4, 20)]
    assert week[at(5, 6, 59)]  # Saturday morning
    assert not week[at(4, 6)]
    assert not week[at(4, 19, 59)]
    assert not week[at(5, 7)]


def test_the_week_is_a_ring() -> None:
    week = open_minutes([6], [hours_of("23:00-01:00")])
    assert [i for i, is_open in enumerate(week) if is_open] == [*range(60), *range(at(6, 23), WEEK)]
