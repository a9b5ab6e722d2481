"""What has to be known of a language to read spoken numbers, letters, addresses and dates in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Language", "Topic"]


class Topic(StrEnum):
    """What a number that follows is, by the words before it."""

    CARD = "card"
    CARD_CODE = "card_code"
    PHONE = "phone"
    EMAIL = "email"
    NATIONAL_ID = "national_id"
    IBAN = "iban"
    BIRTH_DATE = "birth_date"
    HARMLESS = "harmless"


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language, all in small letters.

    Attributes:
        units: words for single digits.
        weak_units: words that are a digit only beside another one ("oh").
        homophones: what speech recognition writes for a digit, taken for it only amid single digits.
        teens: words for 10 to 19.
        tens: words for 20 to 90.
        repeats: "double" and its like, with their number.
        plurals: "ones", "zeros" and their like, with their digit, as in "four zeros".
        times: words that do the same before a digit: "four times zero".
        hundred, thousands: words that make a cardinal of what is before them.
        letters: words for a letter (spelling alphabets, "zed").
        as_in: what stands between a letter and its word ("b as in bravo").
        fillers: words that do not end a run of digits.
        groups: words that tell of the groups of a number: "the next four are"; a number has more than one.
        ranks: those of them of which one must be there.
        months: month names and their number.
        verbs: those of them that are other words as well ("may", "march").
        date_parts: "day", "month", "year".
        ordinals: "first" to "thirty", with their number.
        labels: what a word or two say about the number near them; the longest wins.
        units_after: words after a number which make it an amount.
        prices: harmless labels of amounts, which are no number as long as a card's.
        time_before: words before a time of day.
        amount_before: words before an amount.
        year_before: words before a year.
        at, dots, joiners: how mail addresses are said.
        mail_stops: words that are not part of an address.
        mail_asides: what is said about an address amid it: "all one word".
        lookers: words before "at" after which no address comes: "I looked at booking dot com".
        mail_hosts: hosts that are said without their "dot com".
    """

    code: str
    units: Mapping[str, int]
    weak_units: Mapping[str, int]
    homophones: Mapping[str, int]
    teens: Mapping[str, int]
    tens: Mapping[str, int]
    repeats: Mapping[str, int]
    plurals: Mapping[str, int]
    times: frozenset[str]
    hundred: frozenset[str]
    thousands: frozenset[str]
    letters: Mapping[str, str]
    as_in: tuple[tuple[str, ...], ...]
    fillers: frozenset[str]
    groups: frozenset[str]
    ranks: frozenset[str]
    months: Mapping[str, int]
    verbs: frozenset[str]
    date_parts: frozenset[str]
    ordinals: Mapping[str, int]
    labels: Mapping[tuple[str, ...], Topic]
    units_after: frozenset[str]
    prices: frozenset[str]
    time_before: frozenset[str]
    amount_before: frozenset[str]
    year_before: frozenset[str]
    at: frozenset[str]
    dots: frozenset[str]
    joiners: Mapping[str, str]
    mail_stops: frozenset[str]
    mail_hosts: frozenset[str]
    mail_asides: frozenset[tuple[str, ...]]
    lookers: frozenset[str]
