"""What holds for any text, and for any card however it is said and cut."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from audiohook_fw_redact.cutting import align
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NewTalk = Callable[..., Any]

UNITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
OTHERS = """
oh double triple twenty hundred for to at dot com gmail uh card order born march iban G B 4111 11
$5 10:30 , @ +
mail as in bravo é ½ ٣ İ 1st -
"""
WORDS = [*UNITS, *OTHERS.split()]
ANY = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join))

common = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@common
@given(st.lists(st.tuples(ANY, st.booleans(), st.booleans()), max_size=4))
def test_any_text_is_read_and_words_agree_with_it(
    new_talk: NewTalk, said: list[tuple[str, bool, bool]]
) -> None:
    talk = new_talk()
    for text, words, is_final in said:
        outcome = talk.hear(text, words=words, is_final=is_final)
        event = outcome.event
        assert not event.words or align(event.text, event.words) is not None
        for span in outcome.spans:
            assert span.start >= 0
            assert span.length > 0
    assert talk.redactor.failures == 0


def luhn_complete(body: str) -> str:
    """Return a card number with its last digit."""
    total = sum(sum(divmod(int(char) * (2 - at % 2), 10)) for at, char in enumerate(reversed(body)))
    return body + str(-total % 10)


CARDS = st.from_regex(r"4[0-9]{14}", fullmatch=True).map(luhn_complete)


@st.composite
def pieces_of_a_card(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A card, and what was said of it in each utterance."""
    card = draw(CARDS)
    cuts = sorted(draw(st.sets(st.integers(1, 15), max_size=6)))
    return card, [card[a:b] for a, b in zip([0, *cuts], [*cuts, 16], strict=True)]


@common
@given(pieces_of_a_card(), st.booleans())
def test_of_a_card_that_was_asked_for_one_digit_at_a_time_gets_through(
    new_talk: NewTalk, said: tuple[str, list[str]], written: bool
) -> None:
    talk = new_talk()
    talk.hear("and the card number please", channel="internal")
    lengths = []
    for part in said[1]:
        text = part if written else " ".join(UNITS[int(char)] for char in part)
        left = talk.left(text)
        assert re.fullmatch(r"\[\w+\]", left) or len(part) == 1
        lengths += [1] if left == text else []
    assert sum(lengths) <= 3


@common
@given(pieces_of_a_card(), st.booleans(), st.data())
def test_however_a_card_is_cut_three_digits_get_through(
    new_talk: NewTalk, said: tuple[str, list[str]], written: bool, data: st.DataObject
) -> None:
    talk = new_talk()
    shown = ""
    for part in said[1]:
        text = part if written else " ".join(UNITS[int(char)] for char in part)
        if data.draw(st.booleans()):
            assert talk.left(data.draw(st.sampled_from(["mhm", "okay", "yes"])), channel="internal")
        left = talk.left(data.draw(st.sampled_from(["", "uh ", "and then "])) + text)
        shown += "".join(word for word in left.split() if word in UNITS or word.isdigit()) + " "
    digits = shown if written else "".join(str(UNITS.index(w)) for w in UNITS for _ in range(shown.count(w)))
    assert len(digits.replace(" ", "")) <= 3


PAIRS = """
ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
twenty thirty forty fifty sixty seventy eighty ninety
"""
TEENS, TENS = (line.split() for line in PAIRS.strip().splitlines())


def pair(digits: str) -> str:
    """Say two digits as one number."""
    number = int(digits)
    if number < 10:
        return f"oh {UNITS[number]}"
    return (
        TEENS[number - 10]
        if number < 20
        else f"{TENS[number // 10 - 2]} {UNITS[number % 10] * (number % 10 > 0)}"
    )


@common
@given(CARDS, st.sets(st.integers(1, 7)))
def test_of_a_card_in_pairs_four_digits_get_through(new_talk: NewTalk, card: str, cuts: set[int]) -> None:
    talk = new_talk()
    pairs = [pair(card[at : at + 2]).strip() for at in range(0, 16, 2)]
    edges = [0, *sorted(cuts), 8]
    shown = 0
    for first, last in pairwise(edges):
        text = " ".join(pairs[first:last])
        left = talk.left(text)
        assert left == text or re.fullmatch(r"\[\w+\]", left)
        shown += (last - first) * (left == text)
    assert shown <= 2


@common
@given(CARDS)
def test_interims_show_no_more_than_one_digit(new_talk: NewTalk, card: str) -> None:
    talk = new_talk()
    words = ["my", "number", "is", *(UNITS[int(char)] for char in card)]
    for count in range(1, len(words) + 1):
        left = talk.left(" ".join(words[:count]), is_final=count == len(words))
        assert sum(word in UNITS for word in left.split()) <= 1
