"""Telephone numbers and patterns for them."""

from __future__ import annotations

import pytest
from audiohook_fw_policy.numbers import NumberPlan, masked, matcher, normal_pattern
from hypothesis import given
from hypothesis import strategies as st

NONE = NumberPlan()
GERMANY = NumberPlan("49")
ITALY = NumberPlan("39", trunk_prefix="")
AMERICA = NumberPlan("1", trunk_prefix="1", international_prefix="011")


@pytest.mark.parametrize(
    ("number", "plan", "normal"),
    [
        ("tel:+4930123456", NONE, "+4930123456"),
        ("tel:+49-30-(123).456;phone-context=x", NONE, "+4930123456"),
        ("sip:+4930123456@example.com;user=phone", NONE, "+4930123456"),
        ("sip:%2B4930123456@example.com", NONE, "+4930123456"),
        ("+49 30 123456", NONE, "+4930123456"),
        ("030 123456", NONE, "030123456"),
        ("030 123456", GERMANY, "+4930123456"),
        ("0049 30 123456", GERMANY, "+4930123456"),
        ("4711", GERMANY, "4711"),
        ("06 1234", ITALY, "+39061234"),
        ("011 49 30 123456", AMERICA, "+4930123456"),
        ("1 (555) 123-4567", AMERICA, "+15551234567"),
        ("+4930123456", AMERICA, "+4930123456"),
        ("sip:alice@example.com", GERMANY, "alice"),
        ("", GERMANY, ""),
        ("tel:anonymous", NONE, ""),
        ("sip:Anonymous@anonymous.invalid", NONE, ""),
        ("Restricted", NONE, ""),
    ],
)
def test_numbers_are_made_comparable(number: str, plan: NumberPlan, normal: str) -> None:
    assert plan.normal(number) == normal


@pytest.mark.parametrize(
    ("patterns", "plan", "yes", "no"),
    [
        (["+49 30 123"], NONE, ["tel:+4930123"], ["tel:+49301234", "tel:+4930124", ""]),
        (["+4930*"], NONE, ["+4930", "+49301"], ["+4931", "4930", ""]),
        (["+49*", "+43 1*"], NONE, ["+49301", "+4315"], ["+4325"]),
        (["+49 30 12??"], NONE, ["+49301234"], ["+4930123", "+493012345"]),
        (["+49?0*", "+1"], NONE, ["+4930", "+49301234", "+1"], ["+4931", "+12"]),
        (["0800*"], GERMANY, ["+49800123", "0800123"], ["0900123"]),
        (["tel:+49-800*"], NONE, ["tel:+49800"], ["tel:+4980"]),
        (["4711"], NONE, ["4711"], ["+4711"]),
        (["anonymous"], NONE, ["", "tel:anonymous"], ["+49301"]),
        (["*"], NONE, ["+1", "sip:alice@x"], ["", "anonymous"]),
        (["*", "Anonymous"], NONE, ["+1", ""], []),
    ],
)
def test_patterns(patterns: list[str], plan: NumberPlan, yes: list[str], no: list[str]) -> None:
    match = matcher([normal_pattern(pattern, plan) for pattern in patterns])
    assert [number for number in yes if not match(plan.normal(number))] == []
    assert [number for number in no if match(plan.normal(number))] == []


@given(st.from_regex(r"\+[1-9][0-9]{5,14}", fullmatch=True), st.integers(1, 6))
def test_a_number_fits_itself_and_each_beginning_of_it(number: str, length: int) -> None:
    for pattern in (number, f"{number[: length + 1]}*", f"{number[:-1]}?", f"{number[0]}?{number[2:]}"):
        assert matcher([normal_pattern(pattern, NONE)])(NONE.normal(f"tel:{number}"))


@given(st.text())
def test_no_number_is_too_strange(number: str) -> None:
    assert isinstance(GERMANY.normal(number), str)


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ("+4930123456", "+49########"),
        ("110", "1##"),
        ("+49800*", "+49800*"),
        ("+4930123456*", "+49301#####*"),
        ("+4930??1234", "+4930??####"),
        ("*", "*"),
        ("anonymous", "anonymous"),
    ],
)
def test_what_is_shown_of_a_pattern(pattern: str, shown: str) -> None:
    assert masked(pattern) == shown
