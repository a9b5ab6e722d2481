"""The operator's own patterns."""

from __future__ import annotations

import pytest
from audiohook_fw_redact.finding import UnreadableError
from audiohook_fw_redact.patterns import Patterns, check_pattern


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("B-(", "badge: no regular expression"),
        ("x*", "badge: it matches the empty text"),
        ("(a|aa)+$", "badge: it takes too long"),
        (r"(\d|\d\d)+$", "badge: it takes too long"),
    ],
)
def test_a_pattern_that_will_not_do(pattern: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        check_pattern("badge", pattern)


def test_patterns_that_will_do() -> None:
    for pattern in (r"B-\d{4}", r"(?i)member \w+", r"\b[A-Z]{3}\d+\b"):
        check_pattern("badge", pattern)
    found = list(Patterns({"badge": r"B-\d{4}"}, 0.1).find("B-1234 and B-5678"))
    assert [(f.kind, f.rule, f.start, f.end) for f in found] == [
        ("badge", "pattern", 0, 6),
        ("badge", "pattern", 11, 17),
    ]


def test_time_is_bounded() -> None:
    with pytest.raises(UnreadableError, match="pattern_timeout"):
        list(Patterns({"slow": "(q|qq)+$"}, 0.01).find("q" * 60 + "!"))


def test_an_empty_match_is_no_finding() -> None:
    assert list(Patterns({"odd": r"(?=B)"}, 0.1).find("B")) == []
