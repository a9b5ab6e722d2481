"""Conditions put together: three answers, and the least work first."""

from __future__ import annotations

from itertools import product

import pytest
from audiohook_fw_policy.condition import Condition, all_of, any_of, none_of
from audiohook_fw_policy.facts import Facts

ANSWERS = (True, False, None)


class Asked:
    """Makes conditions that note that they were asked."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, name: str, answer: bool | None) -> Condition:
        def test(_: Facts) -> bool | None:
            self.names.append(name)
            return answer

        return Condition(name, "", test)


@pytest.mark.parametrize("answers", [found for n in (1, 2, 3, 4) for found in product(ANSWERS, repeat=n)])
def test_answers_put_together(answers: tuple[bool | None, ...]) -> None:
    parts = [Asked()("part", answer) for answer in answers]
    together = False if False in answers else None if None in answers else True
    one_of_them = True if True in answers else None if None in answers else False
    assert all_of(parts).test(Facts()) is together
    assert any_of(parts).test(Facts()) is one_of_them


@pytest.mark.parametrize(("answer", "opposite"), [(True, False), (False, True), (None, None)])
def test_the_opposite(answer: bool | None, opposite: bool | None) -> None:
    assert none_of(Asked()("part", answer)).test(Facts()) is opposite


def test_what_asks_least_is_asked_first_and_may_settle_it() -> None:
    asked = Asked()
    large = any_of([asked("a", False), asked("b", False), asked("c", True)])
    small = none_of(asked("d", True))
    both = all_of([large, small])
    assert both.test(Facts()) is False
    assert asked.names == ["d"]
    assert both.parts == (large, small)  # as they are written: that is how they are explained
    asked.names.clear()
    assert any_of([large, none_of(asked("d", False))]).test(Facts()) is True
    assert asked.names == ["d"]


def test_thousands_of_parts_are_no_deep_nest() -> None:
    parts = [Asked()(str(number), False) for number in range(5_000)]
    assert any_of(parts).test(Facts()) is False
