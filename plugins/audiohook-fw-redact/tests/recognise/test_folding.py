"""Digits in any script, letters that look like digits, and what cannot be seen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from audiohook_fw_redact.recognise.folding import fold
from hypothesis import given
from hypothesis import strategies as st

Left = Callable[..., str]
Found = Callable[..., list[tuple[str, str, str]]]


@pytest.mark.parametrize(
    "card",
    [
        "４１１１ １１１１ １１１１ １１１１",
        "４１１１１１１１１１１１１１１１",
        "٤١١١ ١١١١ ١١١١ ١١١١",
        "४१११ ११११ ११११ ११११",
        "𝟒𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏",
        "④①①① ①①①① ①①①① ①①①①",
        "4\u200b1\u200b1\u200b1\u200b" + "1\u200d" * 12,
        "41\u00ad11 1111\u20601111 1111",
        "4111\u00a01111\u202f1111\u20091111",
        "4111‑1111‒1111−1111",
        "fo\u200bur one on\u00ade one " + "one " * 11 + "one",
        "4\ufe0f\u20e3" + "1\ufe0f\u20e3" * 15,
        "4l11 1l11 1I11 1111",
        "4O12 8888 8888 1881",
        "fouroneoneone oneoneoneone oneoneoneone oneoneoneone",
        "fortyoneeleven eleveneleven eleveneleven eleveneleven",
    ],
)
def test_a_card_is_a_card(card: str, left: Left) -> None:
    assert left(f"it is {card} thanks") == "it is [card] thanks"


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("mail ann.lee＠ｅxample.com please", "mail [email] please"),
        ("mail ann.lee@\u200bexample.com please", "mail [email] please"),
        ("my number is (０２０) ７９４６ ０９５８", "my number is [phone]"),
        ("IBAN ＤＥ89 3704 0044 0532 0130 00 yes", "IBAN [iban] yes"),
        ("née le １４/０３/１９７２, date of birth", "née le [birth_date], date of birth"),
    ],
)
def test_other_kinds(text: str, gone: str, left: Left) -> None:
    assert left(text) == gone


@pytest.mark.parametrize("text", ["a tank of 100l of it", "Il y a 3 ans", "ﬁne at ½ past 3", "5º C"])
def test_what_is_no_number(text: str, left: Left) -> None:
    assert left(text) == text


def test_own_patterns_see_plain_characters_too(left: Left) -> None:
    assert left("badge Ｂ-１２３４ here", patterns={"badge": r"B-[0-9]{4}"}) == "badge [badge] here"


def test_last_digits_are_plain(left: Left) -> None:
    assert left("so ４１１１１１１１１１１１１１１１ it is", keep_last=4) == "so [card 1111] it is"


def test_plain_text_is_as_it_is() -> None:
    assert fold("4111 ok").places == ()


@given(st.text())
def test_places_lead_back(text: str) -> None:
    folded = fold(text)
    for at in range(len(folded.text)):
        start, end = folded.original(at, at + 1)
        assert 0 <= start < end <= len(text)
    if folded.text:
        assert folded.original(0, len(folded.text))[1] == len(text)
