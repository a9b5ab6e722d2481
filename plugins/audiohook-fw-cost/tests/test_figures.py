"""Samples and money: exact sums."""

from __future__ import annotations

import pytest
from audiohook_fw_cost.figures import MICRO, Figures, Spent, Tariff

MINUTE = 60 * 8000


def test_connected_is_the_sum_of_everything() -> None:
    figures = Figures()
    for number, spent in enumerate(Spent):
        figures.add(spent, 10**number)
    assert figures == Figures(1, 10, 100, 1000, 10000)
    assert figures.connected == 11111
    assert figures + figures == Figures(2, 20, 200, 2000, 20000)


@pytest.mark.parametrize(
    ("billed", "cost", "saved"), [(False, 3_000_000, 4_000_000), (True, 7_000_000, 0)], ids=["free", "billed"]
)
def test_who_pays_for_the_servers_pause_is_a_setting(billed: bool, cost: int, saved: int) -> None:
    tariff = Tariff(MICRO, "EUR", billed)
    figures = Figures(MINUTE, MINUTE, 7 * MINUTE, 4 * MINUTE, MINUTE)
    assert (tariff.cost(figures, 8000), tariff.saved(figures, 8000)) == (cost, saved)


def test_money_is_decimal() -> None:
    tariff = Tariff(100_000, "EUR")
    assert tariff.cost(Figures(3 * MINUTE), 8000) == 300_000  # and not 300_000.00000000004
    assert tariff.cost(Figures(1), 8000) == 0
    assert tariff.cost(Figures(6 * MINUTE), 16000) == 300_000
