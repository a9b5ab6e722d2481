"""Every condition: when it holds, when not, and when that is not known yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from audiohook_fw_policy.condition import Condition
from audiohook_fw_policy.facts import Facts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ID = "d7934305-0972-4844-938e-9060eef73d05"
OTHER = "e160e428-53e2-487c-977d-96989bf5c99d"
When = Callable[[str], Condition]


class Fixed:
    """So many active calls of everything, by kind."""

    def __init__(self, **counts: int) -> None:
        self.counts = counts

    def others(self, kind: str, name: str) -> int:
        return self.counts.get(kind, 0)


CASES: dict[str, tuple[str, dict[str, Any], bool | None]] = {
    "organization": (f'organization = "{ID.upper()}"', {"organization": ID}, True),
    "organization of several": (f'organization = ["{OTHER}", "{ID}"]', {"organization": ID}, True),
    "another organization": (f'organization = "{ID}"', {"organization": OTHER}, False),
    "conversation": (f'conversation = "{ID}"', {"conversation": ID}, True),
    "another conversation": (f'conversation = "{ID}"', {"conversation": OTHER}, False),
    "key": ('key = "Main"', {"key": "main"}, True),
    "key by pattern": ('key = ["x", "prod-*"]', {"key": "prod-eu"}, True),
    "another key": ('key = "prod-*"', {"key": "test"}, False),
    "dot is no pattern": ('key = "a.*"', {"key": "abc"}, False),
    "queue by id": (f'queue = "{ID}"', {"queue_id": ID}, True),
    "queue by name": ('queue = "Sales DE"', {"queue_name": "sales de"}, True),
    "queue by pattern": ('queue = "Sales*"', {"queue_name": "sales de"}, True),
    "another queue": (f'queue = ["{ID}", "Sales"]', {"queue_id": OTHER, "queue_name": "care"}, False),
    "queue not known": ('queue = "Sales"', {}, None),
    "only its id is known": (f'queue = ["{ID}", "Sales"]', {"queue_id": OTHER}, None),
    "only its id is known, and asked for": (f'queue = "{ID}"', {"queue_id": OTHER}, False),
    "its name could not be found out": ('queue = "Sales"', {"queue_id": ID, "queue_name": ""}, None),
    "ani": ('ani = "+49*"', {"ani": "+4930"}, True),
    "another ani": ('ani = "+49*"', {"ani": "+4330", "dnis": "+4930"}, False),
    "anonymous": ('ani = "anonymous"', {"ani": ""}, True),
    "dnis": ('dnis = ["+49 800 123", "+43*"]', {"dnis": "+49800123"}, True),
    "another dnis": ('dnis = "+49 800 123"', {"dnis": "+498001234"}, False),
    "language": ('language = "de"', {"language": "de-at"}, True),
    "language itself": ('language = ["fr", "de-AT"]', {"language": "de-at"}, True),
    "language of the same letters": ('language = "de"', {"language": "den"}, False),
    "language is wider": ('language = "de-AT"', {"language": "de"}, False),
    "no language": ('language = "de"', {"language": ""}, False),
    "custom": ('custom = { tier = "gold" }', {"custom": {"tier": "gold"}}, True),
    "custom of several": ('custom.tier = ["silver", "g*"]', {"custom": {"tier": "gold"}}, True),
    "custom deep": ('custom."a.b" = 5', {"custom": {"a": {"b": 5}}}, True),
    "custom with a dot": ('custom."a.b" = 5', {"custom": {"a.b": "5"}}, True),
    "custom flag": ("custom.beta = true", {"custom": {"beta": True}}, True),
    "custom flag as text": ("custom.beta = true", {"custom": {"beta": "true"}}, True),
    "custom case": ('custom.tier = "gold"', {"custom": {"tier": "Gold"}}, False),
    "custom is not there": ('custom."a.b" = "*"', {"custom": {"a": "b"}}, False),
    "custom is there": ('custom.a = "*"', {"custom": {"a": {"b": 1}}}, True),
    "all of custom": ('custom = { a = 1, b = 2 }', {"custom": {"a": 1, "b": 3}}, False),
    "all together": ('key = "a", language = "de"', {"key": "a", "language": "fr"}, False),
    "all": ('all = [{ key = "a" }, { language = "de" }]', {"key": "a", "language": "de"}, True),
    "any": ('any = [{ key = "a" }, { language = "de" }]', {"key": "b", "language": "de"}, True),
    "none of any": ('any = [{ key = "a" }, { language = "de" }]', {"key": "b", "language": "fr"}, False),
    "not": ('not = { key = "a" }', {"key": "b"}, True),
    "not all": ('not = { key = "a", language = "de" }', {"key": "a", "language": "fr"}, True),
    "not what is not known": ('not = { queue = "a" }', {}, None),
    "one of all is false": ('queue = "a", key = "b"', {"key": "c"}, False),
    "one of all is not known": ('queue = "a", key = "b"', {"key": "b"}, None),
    "one of any holds": ('any = [{ queue = "a" }, { key = "b" }]', {"key": "b"}, True),
    "one of any is not known": ('any = [{ queue = "a" }, { key = "b" }]', {"key": "c"}, None),
    "active below": ('active = { per = "key", below = 2 }', {"counts": Fixed(key=1, all=9)}, True),
    "active not below": ('active = { per = "key", below = 2 }', {"counts": Fixed(key=2)}, False),
    "active at least": ('active = { per = "all", at_least = 2 }', {"counts": Fixed(all=2)}, True),
    "active between": ('active = { per = "all", at_least = 1, below = 2 }', {"counts": Fixed()}, False),
    "active of a queue": ('active = { per = "queue", below = 1 }', {"queue_id": ID, "counts": Fixed()}, True),
    "active of no queue": ('active = { per = "queue", below = 1 }', {"counts": Fixed()}, None),
    "no sample": ("sample = 0", {"conversation": ID}, False),
    "all of a sample": ('sample = "100%"', {"conversation": ID}, True),
}  # fmt: skip


@pytest.mark.parametrize(("text", "facts", "answer"), CASES.values(), ids=CASES)
def test_a_condition_holds(text: str, facts: dict[str, Any], answer: bool | None, when: When) -> None:
    condition = when(text)
    assert condition.test(Facts(**facts)) is answer
    assert condition.needs_queue is ("queue" in text)


@pytest.mark.parametrize(
    ("text", "utc", "answer"),
    [
        ('days = "mon-fri"', "2026-03-27T22:59", True),  # Friday 23:59 in Berlin
        ('days = "mon-fri"', "2026-03-27T23:00", False),
        ('hours = "08:00-18:00"', "2026-03-27T07:00", True),  # winter: UTC+1
        ('hours = "08:00-18:00"', "2026-03-27T06:59", False),
        ('hours = "08:00-18:00"', "2026-03-30T06:00", True),  # summer: UTC+2
        ('hours = "08:00-18:00"', "2026-03-30T16:00", False),
        ('hours = ["08:00-09:00", "17:00-18:00"]', "2026-03-27T16:30", True),
        ('days = ["sat", "sun"], hours = "20:00-06:00"', "2026-03-30T03:00", True),  # Monday 5:00
        ('days = ["sat", "sun"], hours = "20:00-06:00"', "2026-03-28T03:00", False),  # Saturday 4:00
        ('hours = "08:00-09:00", zone = "America/New_York"', "2026-03-27T12:30", True),
    ],
)
def test_time_is_that_of_a_zone(text: str, utc: str, answer: bool, when: When) -> None:
    at = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert when(f"time = {{ {text} }}").test(Facts(at=at)) is answer


UUIDS = st.uuids(version=4).map(str)


@given(conversation=UUIDS, percent=st.floats(0.1, 99.9))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_conversation_is_always_in_a_sample_or_never(conversation: str, percent: float, when: When) -> None:
    text = f"sample = {percent}"
    first, again = (when(text).test(Facts(conversation=conversation)) for _ in range(2))
    assert first is again
    if first:  # nor does it leave a sample that grows
        assert when(f"sample = {min(100, percent * 1.5)}").test(Facts(conversation=conversation))


@pytest.mark.parametrize("percent", [0.5, 10, 50, 97])
def test_the_share_of_a_sample_is_what_was_asked_for(percent: float, when: When) -> None:
    condition, number = when(f"sample = {percent}"), 20_000
    hits = sum(bool(condition.test(Facts(conversation=f"call {i}"))) for i in range(number))
    deviation = (percent * (100 - percent) / number) ** 0.5
    assert abs(100 * hits / number - percent) < 5 * deviation


def test_samples_of_different_seeds_are_independent(when: When) -> None:
    one, two = (
        when('sample = { percent = 50, seed = "one" }'),
        when('sample = { percent = 50, seed = "two" }'),
    )
    calls = [Facts(conversation=f"call {i}") for i in range(20_000)]
    both = sum(bool(one.test(call)) and bool(two.test(call)) for call in calls)
    assert abs(both / len(calls) - 0.25) < 0.02
    same = when('sample = { percent = 50, seed = "one" }')
    assert all(one.test(call) == same.test(call) for call in calls[:1000])
