"""Telephone numbers as calls bring them, and patterns for them: all in E.164 where that can be told.

`tel:+49-30-1234;ext=5`, `sip:+49301234@example.com` and, with a country code, `030 1234` are one number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

__all__ = ["ANONYMOUS", "NumberPlan", "masked", "masked_text", "matcher", "normal_pattern"]

ANONYMOUS: Final = "anonymous"
"""The pattern for calls without a number."""

_SEPARATORS: Final = re.compile(r"[\s().\-/]+")
_SCHEME: Final = re.compile(r"^(tel|sips?):", re.IGNORECASE)
_WITHHELD: Final = frozenset({"", "anonymous", "unavailable", "restricted", "private", "unknown", "withheld"})
_PATTERN: Final = re.compile(r"\+?[0-9?]*\*?", re.ASCII)
_DIGITS: Final = re.compile(r"\d(?:[ ()./*?-]*\d){4,}")
"""Digits, with what people and patterns write between them."""


@dataclass(frozen=True, slots=True)
class NumberPlan:
    """How national numbers become E.164; without a country code they stay as they are.

    Attributes:
        country_code: such as `49`, or empty.
        trunk_prefix: what is dialled before a national number; may be empty.
        international_prefix: what is dialled before a country code.
    """

    country_code: str = ""
    trunk_prefix: str = "0"
    international_prefix: str = "00"

    def normal(self, number: str) -> str:
        """Return a number as `+` and digits where that can be told; empty when there is none."""
        text = _SCHEME.sub("", unquote(number.strip())).partition(";")[0].partition("@")[0]
        text = _SEPARATORS.sub("", text).lower()
        return "" if text in _WITHHELD else self.international(text)

    def international(self, digits: str) -> str:
        """Return a national number (it may end in wildcards) as an international one, others as they are."""
        if not self.country_code or not digits[:1].isdigit():
            return digits
        if self.international_prefix and digits.startswith(self.international_prefix):
            return f"+{digits[len(self.international_prefix) :]}"
        if digits.startswith(self.trunk_prefix):
            return f"+{self.country_code}{digits[len(self.trunk_prefix) :]}"
        return digits


def normal_pattern(text: str, plan: NumberPlan) -> str:
    """Return a pattern in the form in which `matcher` takes it.

    Raises:
        ValueError: it is no pattern; the message says what to write.
    """
    pattern = _SEPARATORS.sub("", _SCHEME.sub("", text.strip()))
    if pattern.lower() == ANONYMOUS or pattern == "*":
        return pattern.lower()
    if not _PATTERN.fullmatch(pattern) or not any(c.isdigit() for c in pattern):
        raise ValueError(
            'is no number; allowed: "+" and digits, ? for any digit, * at the end for any further digits, '
            f'"*" for any number, "{ANONYMOUS}" for none'
        )
    if pattern.startswith("0") and not plan.country_code:
        raise ValueError(
            'is a national number, and calls bring international ones; write "+" and the country code, or '
            "set numbers.country_code"
        )
    return plan.international(pattern)


def masked(pattern: str) -> str:
    """Return a pattern as it may be shown: what kind of number is meant, but nobody's number."""
    is_exact = "*" not in pattern and "?" not in pattern
    shown = min(3, len(pattern) // 2) if is_exact else 6
    return pattern[:shown] + re.sub("[0-9]", "#", pattern[shown:])


def masked_text(text: str) -> str:
    """Return a text as it may be shown: with no number in it that may be somebody's (5 digits and more)."""
    return _DIGITS.sub(lambda found: re.sub(r"\d", "#", found[0]), text)


def matcher(patterns: list[str]) -> Callable[[str], bool]:
    """Return a function that tells whether a normal number is one of the normal patterns."""
    exact = frozenset("" if p == ANONYMOUS else p for p in patterns if "*" not in p and "?" not in p)
    prefixes = tuple(p[:-1] for p in patterns if p.endswith("*") and "?" not in p and p != "*")
    others = "|".join(_expression(p) for p in patterns if "?" in p)
    found = re.compile(others, re.ASCII).fullmatch if others else None
    if "*" in patterns:
        return lambda number: bool(number) or number in exact
    if found is not None:
        return lambda number: number in exact or number.startswith(prefixes) or found(number) is not None
    if not prefixes:
        return exact.__contains__
    return lambda number: number in exact or number.startswith(prefixes)


def _expression(pattern: str) -> str:
    return re.escape(pattern).replace(r"\?", "[0-9]").replace(r"\*", "[0-9]*")
