"""What is told of cards that can be heard in recordings."""

from __future__ import annotations

import random

import pytest

from .hearing import new_card, report

CARDS = [new_card(random.Random(seed)) for seed in range(2)]
FIRST = "it is " + " ".join(CARDS[0])
SECOND = f"so {CARDS[1][:8]} thank you"
NOTHING = ["[card]", "thanks, 4 pieces"]
PART = f"it ends with {CARDS[0][-3:]}"


def test_cards_have_their_check_digit() -> None:
    for card in CARDS:
        digits = [int(digit) * (2 - place % 2) for place, digit in enumerate(card)]
        assert len(card) == 16
        assert sum(digit - 9 * (digit > 9) for digit in digits) % 10 == 0


@pytest.mark.parametrize(
    ("said", "written", "recorded", "status"),
    [
        ([FIRST, SECOND], NOTHING, NOTHING, 0),
        ([FIRST, SECOND], NOTHING, ["", SECOND], 1),
        ([FIRST, SECOND], NOTHING, [PART, ""], 1),
        ([FIRST, SECOND], [FIRST, ""], NOTHING, 1),
        (NOTHING, NOTHING, NOTHING, 1),  # then it proves nothing
    ],
)
def test_a_leak_is_told(
    said: list[str], written: list[str], recorded: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(CARDS, said, written, recorded) == status
    assert "of 2" in capsys.readouterr().out
