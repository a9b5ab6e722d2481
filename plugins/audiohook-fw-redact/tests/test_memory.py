"""Numbers that are said in several utterances, with others between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from audiohook_fw_redact.memory import CallMemory

NewTalk = Callable[..., Any]


def play(talk: Any, *lines: str) -> list[str]:
    """Play lines, those of the agent after "A:", and return what is left of each."""
    return [
        talk.left(line.removeprefix("A: "), channel="internal" if line.startswith("A: ") else "external")
        for line in lines
    ]


def test_a_card_in_four_utterances(talk: Any) -> None:
    said = ("four one one one", "one one one one", "one one one one", "one one one one")
    assert play(talk, *said) == ["[number]", "[number]", "[number]", "[card]"]


def test_with_fillers_and_the_other_side_between(talk: Any) -> None:
    assert play(
        talk, "it's four one one one", "A: mhm", "uh", "okay", "double one double one", "A: yes",
        "and then 1111", "triple one one thank you", "what else do you need",
    ) == [
        "it's [number]", "mhm", "uh", "okay", "[number]", "yes", "and then [number]",
        "[card] thank you", "what else do you need",
    ]  # fmt: skip


def test_at_most_three_digits_are_let_through(talk: Any) -> None:
    said = ("four", "one", "one", "one", "one one", "one one one", "one one one one one one one")
    assert play(talk, *said) == [
        "four", "one", "one", "[number]", "[number]", "[number]", "[card]",
    ]  # fmt: skip


def test_pairs_that_may_be_times_or_years_stay(talk: Any) -> None:
    assert play(talk, "I have two", "ten thirty", "okay", "A: nineteen ninety eight") == [
        "I have two", "ten thirty", "okay", "nineteen ninety eight",
    ]  # fmt: skip


def test_a_card_that_was_asked_for_is_called_so(talk: Any) -> None:
    assert play(talk, "A: and the card number", "sure four one one one", "one one one") == [
        "and the card number", "sure [card]", "[card]",
    ]  # fmt: skip


def test_what_may_be_a_short_card_may_go_on(talk: Any) -> None:
    assert play(talk, "4000000011136", "001") == ["[card]", "[card]"]
    assert play(talk, "378282246310005", "001") == ["[card]", "001"]


def test_a_number_that_is_whole_is_not_gone_on_with(talk: Any) -> None:
    assert play(talk, "4111 1111 1111 1111", "two") == ["[card]", "two"]


@pytest.mark.parametrize(
    "line", ["it's order 48213", "we have 3 dogs", "I bought it in 2019", "come at ten thirty", "room 402"]
)
def test_other_numbers_after_digits_stay(line: str, talk: Any) -> None:
    assert play(talk, "four one one one", line) == ["[number]", line]


def test_digits_far_apart_do_not_belong_together(new_talk: NewTalk) -> None:
    talk = new_talk(memory=5)
    talk.hear("four one one")
    talk.at += 6 * 8000
    assert talk.left("one two three") == "one two three"


def test_after_some_other_talk_a_number_is_over(talk: Any) -> None:
    others = ("let me look", "it is in my other coat", "there it is", "no it is not")
    assert play(talk, "four one one", *others, "one two three")[-1] == "one two three"


def test_channels_are_apart(talk: Any) -> None:
    assert play(talk, "four one one", "A: one two three") == ["four one one", "one two three"]


@pytest.mark.parametrize(
    ("question", "answer", "left"),
    [
        ("what is your order number", "four eight two one five", "four eight two one five"),
        ("what is your phone number", "five five five oh one four", "[phone]"),
        ("your date of birth please", "march fourteenth nineteen eighty five", "[birth_date]"),
        ("the last digits of your social", "six seven eight nine", "[national_id]"),
        ("and the security code", "one two three", "[card_code]"),
        ("what is your email", "john smith", "[email]"),
        ("what is your email", "it's lucy o brien", "it's [email]"),
        ("what is your email", "john smith forty two", "[email]"),
        ("and the card number", "the first four are 4111 and the next ones I cannot read",
         "the first four are [card] and the next ones I cannot read"),
        ("and the security code", "seven", "[card_code]"),
        ("what is your email", "one moment please", "one moment please"),
        ("what is the account number", "one two three four five", "[iban]"),
    ],
)  # fmt: skip
def test_answers_to_the_other_side(question: str, answer: str, left: str, talk: Any) -> None:
    assert play(talk, f"A: {question}", answer)[1] == left.replace("please", "please")


def test_an_order_number_that_gets_too_long_may_be_a_card(talk: Any) -> None:
    assert play(talk, "A: your order number", "four one one one", "one one one one", "one one one one") == [
        "your order number", "four one one one", "one one one one", "[number]",
    ]  # fmt: skip


def test_a_question_about_something_harmless_ends_a_number(talk: Any) -> None:
    assert play(talk, "four one one", "A: and which room", "one two three")[-1] == "one two three"


def test_a_topic_is_over_after_a_while(talk: Any) -> None:
    lines = ("yes", "it works", "thank you", "good", "right", "fine", "bye")
    assert play(talk, "A: what is your phone number", *lines, "one two three four I think")[-1] == (
        "one two three four I think"
    )


def test_interims_hide_what_may_go_on(talk: Any) -> None:
    said = [
        talk.left(text, is_final=False) for text in ("it's four", "it's four one", "it's four one one one")
    ]
    assert said == ["it's four", "it's [number]", "it's [number]"]
    assert talk.left("it's four one dollars") == "it's four one dollars"


def test_interims_hide_what_a_harmless_word_explains_as_it_may_become_a_card(talk: Any) -> None:
    card = "four three seven four seven oh seven nine three two seven two seven one six seven"
    shown = [
        talk.left(f"I'd like to pay with {' '.join(card.split(' ')[:count])}", is_final=False)
        for count in range(1, 16)
    ]
    assert shown[2] == "I'd like to pay with four three seven"
    assert {*shown[3:12]} == {"I'd like to pay with [number]"}
    assert {*shown[12:]} == {"I'd like to pay with [card]"}
    assert all(text.startswith("I'd like to pay with [") for text in shown[3:])
    assert talk.left("the order number is 7355 0192 thanks", is_final=False).endswith("7355 0192 thanks")


def test_interims_know_what_was_said_before(talk: Any) -> None:
    talk.hear("4111 1111 1111")
    assert talk.left("1", is_final=False) == "[card]"
    assert talk.left("1111", is_final=False) == "[card]"
    assert talk.left("1111") == "[card]"


def test_memory_is_bounded(talk: Any) -> None:
    for number in range(20):
        talk.hear("four one one " * 100, channel=f"c{number}")
    assert len(talk.memory._tails) == 8
    assert all(len(tail.text) <= 160 for tail in talk.memory._tails.values())
    assert repr(talk.memory) == "<CallMemory of 8 channels>"


def test_a_new_memory_knows_nothing() -> None:
    memory = CallMemory()
    assert memory.topic is None
    assert not memory.is_asked("external")
    assert memory.tail("external", 0, 8000) is None


def test_a_card_that_was_asked_for_shows_no_pair_of_digits(talk: Any) -> None:
    said = (
        "it begins with four",
        "and one one",
        "one one",
        "one one",
        "one one",
        "one one",
        "one one",
        "one one",
        "one",
    )
    left = play(talk, "A: the card number please", *said)[1:]
    assert left == ["it begins with four", "and [card]", *["[card]"] * 7]


def test_a_security_code_digit_by_digit(talk: Any) -> None:
    assert play(talk, "A: the three digits on the back", "seven", "three", "seven")[1:] == ["[card_code]"] * 3


def test_what_was_harmless_does_not_end_a_card_too_early(talk: Any) -> None:
    said = ("four one", *["one one"] * 7)
    lines = ("A: your zip code please", "nine oh two one oh", "A: and the card", *said)
    assert play(talk, *lines)[3:] == ["[card]"] * 8


def test_a_mail_address_that_nobody_asked_for(talk: Any) -> None:
    assert play(talk, "john dot", "A: mhm", "smith at", "gmail dot com") == [
        "[email]", "mhm", "[email] at", "[email]",
    ]  # fmt: skip


def test_a_whole_address_has_nothing_else_go(talk: Any) -> None:
    said = ("ann at gmail dot com", "A: okay ann", "perfect", "A: anything else")
    assert play(talk, *said) == ["[email]", *(line.removeprefix("A: ") for line in said[1:])]


@pytest.mark.parametrize(
    ("answers", "left"),
    [
        (("the fourteenth of march", "nineteen seventy two"), ["the [birth_date]", "[birth_date]"]),
        (("fourteenth", "A: yes", "of march", "A: and the year", "seventy two"),
         ["[birth_date]", "yes", "of [birth_date]", "and the year", "[birth_date]"]),
        (("in seventy two",), ["in [birth_date]"]),
        (("three fourteen nineteen hundred and seventy two",), ["[birth_date]"]),
        (("14.03.1972", "A: so march fourteenth seventy two", "you may"),
         ["[birth_date]", "so [birth_date]", "you may"]),
        (("march fourteenth nineteen seventy two", "twelve of them", "it costs twelve dollars"),
         ["[birth_date]", "twelve of them", "it costs twelve dollars"]),
        (("it was twelve dollars",), ["it was twelve dollars"]),
    ],
)  # fmt: skip
def test_a_date_of_birth_in_parts(answers: tuple[str, ...], left: list[str], talk: Any) -> None:
    assert play(talk, "A: your date of birth please", *answers)[1:] == left


def test_once_an_address_was_told_other_words_are_no_answer(talk: Any) -> None:
    said = ("A: your email please", "it's ann at gmail dot com", "A: thanks", "perfect")
    assert play(talk, *said) == ["your email please", "it's [email]", "thanks", "perfect"]
