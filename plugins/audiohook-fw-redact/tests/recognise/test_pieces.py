"""Digits and letters, spoken and written."""

from __future__ import annotations

import pytest
from audiohook_fw_redact.languages import LANGUAGES
from audiohook_fw_redact.recognise.pieces import pieces_of
from audiohook_fw_redact.recognise.tokens import tokens_of


def pieces(text: str) -> list[str]:
    return [piece.chars for piece in pieces_of(tokens_of(text), LANGUAGES["en"])]


@pytest.mark.parametrize(
    ("text", "chars"),
    [
        ("four one 1 one", ["4", "1", "1", "1"]),
        ("double five triple oh", ["55", "000"]),
        ("treble 7", ["777"]),
        ("twenty four nineteen forty", ["24", "19", "40"]),
        ("forty-two", ["42"]),
        ("eight hundred five five five", ["800", "5", "5", "5"]),
        ("four 4 for four", ["4", "4", "4", "4"]),
        ("one one too too one five", ["1", "1", "2", "2", "1", "5"]),
        ("three four five for", ["3", "4", "5", "4"]),
        ("b as in bravo c for charlie tango", ["B", "C", "T"]),
        ("GB29 NWBK", ["GB", "29", "NWBK"]),
        ("double u zed", ["W", "Z"]),
        ("4111-1111", ["4111", "1111"]),
    ],
)
def test_pieces(text: str, chars: list[str]) -> None:
    assert pieces(text) == chars


@pytest.mark.parametrize("text", ["went for two", "nine to five", "waiting for you", "too many won"])
def test_words_that_sound_like_digits_are_words_elsewhere(text: str) -> None:
    assert all(not chars.isdigit() or chars in "295" for chars in pieces(text))


def test_the_other_reading_of_tens() -> None:
    (piece,) = pieces_of(tokens_of("twenty four"), LANGUAGES["en"])
    assert (piece.chars, piece.other) == ("24", "204")


@pytest.mark.parametrize("text", ["$1,499.00", "14.99", "12,500", "10:30", "15 %", "3/14/2025", "2025-03-14"])
def test_amounts_times_and_dates_are_no_digits(text: str) -> None:
    assert [token.form for token in tokens_of(text)] == ["amount"]
    assert pieces(text) == []


def test_nothing_shows_in_repr() -> None:
    tokens = tokens_of("double four")
    assert "44" not in repr(pieces_of(tokens, LANGUAGES["en"]))
    assert "four" not in repr(tokens)
