"""Cards, phones, ids, and numbers that nobody explains."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

Found = Callable[..., list[tuple[str, str, str]]]
Left = Callable[..., str]


@pytest.mark.parametrize(
    "said",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "41 11 1 111 11 1111 11",
        "four" + " one" * 15,
        "four triple one double one double one double one double one double one double one",
        "four one one one okay one one one one uh one one one one and then one one one one",
        "forty one eleven eleven eleven eleven eleven eleven eleven",
        "4 1 one 1 one one 1 1 one one one one 1 1 1 1",
        "three seven eight two eight too too for six three one oh oh oh five",
        "fifty five fifty five fifty five fifty five fifty five fifty five forty four forty four",
    ],
)
def test_cards(said: str, found: Found) -> None:
    assert found(f"so {said} please") == [("card", "luhn", said)]


def test_a_card_with_words_between_its_groups(left: Left) -> None:
    text = "first four one one one now one one one one the third one one one one last one one one one there"
    assert left(text) == "first [card] there"


def test_a_card_of_which_a_digit_was_misheard(found: Found) -> None:
    assert found("it is 4111 1111 1111 1112 right")[0][:2] == ("card", "card-length")
    assert found("it is 4111 1111 1111 111 right")[0][:2] == ("card", "card-length")


def test_a_card_goes_whatever_it_is_called(left: Left) -> None:
    assert left("the order number is 4111 1111 1111 1111 sir") == "the order number is [card] sir"


def test_what_follows_a_card_goes_with_it(left: Left) -> None:
    assert left("5555555555554444 12 27 123 for you") == "[card] for you"


def test_two_cards(found: Found) -> None:
    assert len(found("4111 1111 1111 1111 or 5555 5555 5555 4444 both work")) == 2


@pytest.mark.parametrize(
    "said",
    ["(212) 555-0147", "212-555-0147", "+1 212 555 0147", "+49 30 901820", "07700 900123", "555-0147",
     "two one two five five five oh one four seven"],
)  # fmt: skip
def test_phones(said: str, found: Found) -> None:
    ((kind, _, value),) = found(f"try {said} tomorrow")
    assert (kind, value) == ("phone", said)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("my social security number is 123-45-6789", "national_id"),
        ("123-45-6789 is right", "national_id"),
        ("my social ends in six seven eight nine", "number"),
        ("nhs number 943 476 5919", "national_id"),
        ("the security code is one two three", "card_code"),
        ("the account number is 12345678 there", "iban"),
        ("my phone is five five five oh one four seven", "phone"),
        ("area code three one two five five five oh one nine nine", "phone"),
        ("555 0199 area code 312", "phone"),
    ],
)
def test_what_is_announced(text: str, kind: str, found: Found) -> None:
    if kind == "number":  # a label that is harmless stands nearer: four digits may be told
        assert found(text) == []
    else:
        assert {entry[0] for entry in found(text)} == {kind}


def test_digits_at_the_end_may_be_the_beginning_of_a_card(found: Found) -> None:
    assert found("so that is four one one one") == [("number", "may-go-on", "four one one one")]
    assert found("so that is four one one one uh") == [("number", "may-go-on", "four one one one")]
    assert found("so that is four one one one today") == []
    assert found("so that is four one one") == []


def test_long_numbers_that_nobody_explains(found: Found) -> None:
    assert found("it was eight two one five five three nine I think") == [
        ("number", "long", "eight two one five five three nine")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "My order number is 482135",
        "order number four eight two one five six",
        "The tracking number says 482135990021",
        "that is $1,499.00",
        "it was 1499 dollars",
        "I paid four thousand five hundred",
        "let's meet at 10:30",
        "come at ten thirty",
        "see you at 1030",
        "room 1402",
        "since 2019",
        "it was in nineteen ninety eight",
        "on March 14, 2025",
        "we live at 1425 Maple Street",
        "I have two questions",
        "from nine to five",
        "he won one game to three",
        "my phone is five years old",
        "12,500 people",
        "the zip code is 90210",
        "version 2.10",
        "PO box 5512",
        "in 3/14/2025",
    ],
)
def test_innocent_numbers_stay(text: str, left: Left) -> None:
    assert left(text) == text


def test_kinds_that_are_off(left: Left) -> None:
    text = "mail a@b.com or 4111 1111 1111 1111 please"
    assert left(text, kinds=["email"]) == "mail [email] or 4111 1111 1111 1111 please"
    assert left("so that is four one one one", kinds=["card"]) == "so that is four one one one"


@pytest.mark.parametrize(
    "text",
    [
        "four followed by fifteen ones",
        "five five double oh four zeros four zeros three zeros and a four",
        "four then fifteen times one",
        "4111 11 then six ones then 1111",
        "four nil one two " + "eight " * 8 + "one eight eight one",
        "first four digits are four one one one then second four one one one one third four one one one one "
        "and last four one one one one",
        "four one one one next four one one one one next four one one one one last four one one one one",
        "it starts with 4111 and the next is 1111 and the next is 1112 and it ends with 1111",
        "four one one I see two two two over here three three three wait four four four and four nine",
        "four one one one one one hold on let me turn it over and look " + "one " * 9 + "one",
    ],
)
def test_cards_that_are_told_piece_by_piece(text: str, left: Left) -> None:
    said = set(re.findall(r"[a-z]+|[0-9]+", left(text)))
    digits = {"one", "ones", "two", "three", "four", "five", "fifteen", "eight", "nine", "zeros", "oh"}
    assert not said & digits
    assert not any(word.isdigit() for word in said)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        (
            "country code forty four then twenty seven nine four six zero nine five eight",
            "country code [phone]",
        ),
        ("my nino is q q one two three four five six c", "my nino is [national_id]"),
        ("it's ah 53 98 63 c for the national insurance", "it's [national_id] for the national insurance"),
        ("driving licence MORGA657054SM9IJ", "driving licence [national_id]"),
        ("passport number X1234567", "passport number [national_id]"),
        ("the three digits are 123", "the three digits are [card_code]"),
        ("oh eight hundred one two three four", "[number]"),
    ],
)
def test_all_of_it_goes(text: str, gone: str, left: Left) -> None:
    assert left(text) == gone


@pytest.mark.parametrize(
    "text",
    [
        "lot number 48213 7781",
        "the barcode is 5012345678900",
        "press one two or three",
        "I pressed 1 and then 2 and the last was 3",
        "we tried it three times two days ago",
        "we have two ones and three twos of them",
        "I called you 3 times on 2 days in 2024",
    ],
)
def test_other_innocent_numbers(text: str, left: Left) -> None:
    assert left(text) == text


def test_more_digits_than_anybody_says_go_unread(left: Left, caplog: pytest.LogCaptureFixture) -> None:
    assert left("one o " * 160) == "[redacted]"
    assert "more than 300 digits and letters" in caplog.text
    assert left("hello I " * 240) == "hello I " * 240


@pytest.mark.parametrize("before", ["like to pay with", "the reference is"])
def test_pairs_that_are_read_in_two_ways(before: str, found: Found) -> None:
    """The first "eighty seven" is 80 and 7, the "eighty eight" is 88."""
    said = "twenty seven twenty five two eight three one four three one eighty seven eighty eight"
    assert found(f"{before} {said} if that works") == [("card", "luhn", said)]


def test_a_misheard_card_that_is_paid_with(left: Left) -> None:
    assert left("I pay with 4111 1111 1111 1112 then") == "I pay with [card] then"
    assert left("I pay 4111 for 12 of them") == "I pay 4111 for 12 of them"
