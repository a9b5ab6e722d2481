"""Holds: the stream is paused while any is open."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.session import Hold, Holds


class House:
    def __init__(self) -> None:
        self.wishes: list[bool] = []
        self.holds = Holds(self.wishes.append)

    def take(self, owner: str = "a", how: Literal["release", "keep"] = "release") -> Hold:
        return self.holds.take(owner, "why", how)


@pytest.fixture
def house() -> House:
    return House()


def test_the_first_hold_pauses_and_the_last_release_resumes(house: House) -> None:
    first, second = house.take(), house.take("b")
    assert house.wishes == [True]
    first.release()
    assert house.wishes == [True]
    second.release()
    assert house.wishes == [True, False]
    assert not house.holds


def test_releasing_again_does_nothing(house: House) -> None:
    first, second = house.take(), house.take()
    for _ in range(3):
        first.release()
    assert house.wishes == [True]
    assert second in house.holds
    assert first not in house.holds
    second.release()
    first.release()
    assert house.wishes == [True, False]


def test_a_hold_is_a_context_manager(house: House) -> None:
    with house.take() as hold:
        assert list(house.holds) == [hold]
    with pytest.raises(KeyError), house.take():
        raise KeyError
    assert house.wishes == [True, False, True, False]


def test_a_quarantined_owner_loses_what_it_did_not_declare_to_keep(house: House) -> None:
    lost, kept, other = house.take(), house.take(how="keep"), house.take("b")
    house.holds.quarantined("a")
    house.holds.quarantined("a")
    assert list(house.holds) == [kept, other]
    assert lost not in house.holds
    assert house.wishes == [True]
    kept.release()
    other.release()
    assert house.wishes == [True, False]


def test_quarantine_resumes_when_nothing_else_holds(house: House) -> None:
    house.take()
    house.take()
    house.holds.quarantined("a")
    assert house.wishes == [True, False]


def test_at_the_end_holds_are_forgotten_without_a_resume(house: House) -> None:
    hold = house.take()
    house.holds.clear()
    hold.release()
    assert house.wishes == [True]
    assert not house.holds


def test_a_hold_shows_owner_and_reason(house: House) -> None:
    assert repr(house.take()) == "<Hold 'why' of a>"


@given(st.lists(st.tuples(st.sampled_from(["take", "keep", "release", "lost"]), st.integers(0, 5))))
def test_the_last_wish_is_always_whether_a_hold_is_open(steps: list[tuple[str, int]]) -> None:
    house = House()
    taken: list[Any] = []
    for step, number in steps:
        if step == "release" and taken:
            taken[number % len(taken)].release()
        elif step == "lost":
            house.holds.quarantined(f"plugin {number}")
        elif step in ("take", "keep"):
            taken.append(house.take(f"plugin {number}", "keep" if step == "keep" else "release"))
    assert (house.wishes[-1] if house.wishes else False) is bool(house.holds)
    assert all(one is not other for one, other in zip(house.wishes, house.wishes[1:], strict=False))
