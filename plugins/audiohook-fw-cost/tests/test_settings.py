"""What is wrong with the section, and what to change."""

from __future__ import annotations

from decimal import Decimal

import pytest
from audiohook_fw_cost import CostSettings
from pydantic import ValidationError


def test_money_is_read_exactly() -> None:
    settings = CostSettings(price_per_minute=0.1, budgets={"*": "12.34"})  # type: ignore[arg-type]  # as TOML has it
    assert settings.price_per_minute == Decimal("0.1")
    assert settings.budgets == {"*": Decimal("12.34")}


def test_blanks_around_the_name_of_a_queue_are_not_meant() -> None:
    settings = CostSettings.model_validate({"price_per_minute": 1, "budgets": {" Sales ": 1, "* ": 5}})
    assert settings.budgets == {"Sales": 1, "*": 5}


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"price_per_minute": -1}, "greater than or equal to 0"),
        ({"price_per_minute": "0.0000001"}, "no more than 6 decimal places"),
        ({"price_per_minute": "a lot"}, "valid decimal"),
        ({"currency": "a b"}, "match pattern"),
        ({"time_zone": "Mars/Olympus"}, "there is no time zone 'Mars/Olympus'; name one like Europe/Berlin"),
        ({"time_zone": "../etc/passwd"}, "there is no time zone"),
        ({"time_zone": ""}, "there is no time zone"),
        ({"budgets": {"*": 1}}, "budgets need price_per_minute"),
        ({"price_per_minute": 1, "budgets": {" ": 1}}, "is empty or there twice"),
        ({"price_per_minute": 1, "budgets": {"Sales": 1, "SALES": 2}}, "is empty or there twice"),
        ({"price_per_minute": 1, "budgets": {"Sales": 1, " sales ": 2}}, "'Sales' is empty or there twice"),
        ({"database": ":memory:"}, "':memory:' is no file; name one in a folder that exists, like audioh"),
        ({"database": ""}, "'.' is no file"),
        ({"database": "/tmp"}, "'/tmp' is no file"),
        ({"database": "/"}, "'/' is no file"),
        ({"pause": {"silence": 0.5}}, "greater than or equal to 1"),
        ({"pause": {"after_minutes": 0}}, "greater than 0"),
        ({"pause": {"on_hols": True}}, "Extra inputs"),
    ],
)
def test_what_is_wrong_is_said(section: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        CostSettings.model_validate(section)
