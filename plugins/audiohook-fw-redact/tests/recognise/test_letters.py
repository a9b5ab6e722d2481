"""IBANs and ids with letters."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from audiohook_fw_redact.languages import LANGUAGES
from audiohook_fw_redact.recognise import find_all, read

Found = Callable[..., list[tuple[str, str, str]]]


@pytest.mark.parametrize(
    "said",
    [
        "GB29NWBK60161331926819",
        "gb29nwbk60161331926819",
        "GB29 NWBK 6016 1331 9268 19",
        "nl91 abna 0417 1643 00",
        "g b two nine n w b k six zero one six one three three one nine two six eight one nine",
        "golf bravo two nine november whiskey bravo kilo six oh one six one three three one nine two six "
        "eight one nine",
        "d e eight nine three seven oh four double oh double four oh five three two oh one three triple oh",
    ],
)
def test_ibans(said: str, found: Found) -> None:
    assert found(f"use {said} please") == [("iban", "mod-97", said)]


def test_the_letter_o_is_no_zero() -> None:
    text = "g b {} l o y d three zero nine six one seven one two three four five six seven eight"
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    checks = [f"{first} {second}" for first in names for second in names]
    readings = [read(text.format(check), LANGUAGES["en"]) for check in checks]
    rules = [finding.rule for reading in readings for finding in find_all(reading)]
    assert 1 <= rules.count("mod-97") <= 2  # of a hundred check digits


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("QQ123456C", ""),
        ("AB123456C", "gb-nino"),
        ("AB 12 34 56 C", "gb-nino"),
        ("a b one two three four five six c", "gb-nino"),
        ("a as in alpha b for bravo one two three four five six charlie", "gb-nino"),
        ("12345678Z", "es-dni"),
        ("X1234567L", "es-dni"),
        ("RSSMRA85T10A562S", "it-codice-fiscale"),
    ],
)
def test_ids_with_letters(said: str, rule: str, found: Found) -> None:
    rules = [entry[1] for entry in found(f"it was {said} there") if entry[2] == said]
    assert rules == ([rule] if rule else [])


def test_wrong_check_letters(found: Found) -> None:
    assert all(entry[1] != "es-dni" for entry in found("it was 12345678A there"))
    assert all(entry[1] != "it-codice-fiscale" for entry in found("it was RSSMRA85T10A562T there"))
