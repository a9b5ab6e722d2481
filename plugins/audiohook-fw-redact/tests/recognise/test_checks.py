"""Check digits, by published examples and by what a single wrong digit does."""

from __future__ import annotations

import pytest
from audiohook_fw_redact.recognise import checks

CARDS = ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "30569309025904",
         "3530111333300000", "2223003122003222", "4222222222222"]  # fmt: skip
IBANS = ["GB29NWBK60161331926819", "DE89370400440532013000", "FR1420041010050500013M02606",
         "NL91ABNA0417164300", "ES9121000418450200051332", "NO9386011117947"]  # fmt: skip
IDS = {
    "us-ssn": "123456789",
    "ca-sin": "130692544",
    "gb-nhs": "9434765919",
    "br-cpf": "52998224725",
    "pl-pesel": "44051401359",
    "nl-bsn": "111222333",
    "de-steuer-id": "86095742719",
    "fr-nir": "255081416802538",
    "in-aadhaar": "234123412346",
}


def altered(text: str) -> str:
    """Return a text with another last character but one."""
    return text[:-2] + str((int(text[-2]) + 1) % 10) + text[-1]


@pytest.mark.parametrize("number", CARDS)
def test_cards(number: str) -> None:
    assert checks.luhn(number)
    assert checks.is_issued(number)
    assert not checks.luhn(altered(number))


def test_nobody_issues_what_is_no_card() -> None:
    assert not checks.is_issued("9111111111111111")
    assert not checks.is_issued("37828224631000")


@pytest.mark.parametrize("number", IBANS)
def test_ibans(number: str) -> None:
    assert checks.iban(number)
    assert not checks.iban(altered(number))
    assert not checks.iban(number[:-1])


def test_an_iban_needs_a_country_that_has_them() -> None:
    assert not checks.iban("US29NWBK60161331926819")


@pytest.mark.parametrize(("name", "number"), IDS.items())
def test_national_ids(name: str, number: str) -> None:
    assert name in checks.national_ids(number)
    if name != "us-ssn":  # which has no check digit
        assert name not in checks.national_ids(altered(number))


@pytest.mark.parametrize("number", ["000456789", "666456789", "900456789", "123006789", "123450000"])
def test_what_is_no_social_security_number(number: str) -> None:
    assert "us-ssn" not in checks.national_ids(number)


def test_equal_digits_are_no_cpf() -> None:
    assert "br-cpf" not in checks.national_ids("1" * 11)
