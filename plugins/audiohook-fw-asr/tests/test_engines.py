"""Which engine is taken, and when one that failed is tried again."""

from __future__ import annotations

from typing import Any

import pytest
from audiohook_fw_asr.engines import EnginePool, describe, describe_heard
from audiohook_fw_asr.testing import ScriptedEngine


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pool(clock: Clock) -> EnginePool[Any]:
    engines = [
        ScriptedEngine(name="a"),
        ScriptedEngine(name="b", languages=("en", "de")),
        ScriptedEngine(name="b"),
    ]
    return EnginePool(engines, retry=1.0, longest=5.0, clock=clock)


def chosen(pool: EnginePool[Any], language: str = "en-US") -> str | None:
    state = pool.choose(language)
    return None if state is None else state.name


def test_the_first_that_fits_is_taken(pool: EnginePool[Any]) -> None:
    assert [state.name for state in pool.states] == ["a", "b", "b-3"]
    assert (chosen(pool), chosen(pool, "de-DE"), chosen(pool, "")) == ("a", "b", "a")
    assert pool.languages == ["en-US", "en", "de"]
    assert not pool.supports("fr")
    assert pool.fits(pool.states[1], "") == "en"


def test_one_that_failed_rests_longer_each_time(pool: EnginePool[Any], clock: Clock) -> None:
    first = pool.states[0]
    rests = []
    for _ in range(5):
        pool.failed(first, "broken")
        rests.append(first.not_before - clock.now)
    assert rests == [1, 2, 4, 5, 5]
    assert chosen(pool) == "b"
    clock.now += 5
    assert chosen(pool) == "a"
    pool.failed(first, "broken")
    pool.well(first)
    assert (chosen(pool), first.failures, first.failed) == ("a", 0, 6)


def test_only_one_call_tries_it(pool: EnginePool[Any], clock: Clock) -> None:
    first = pool.states[0]
    pool.trying(first, 3.0)
    assert chosen(pool) == "a"  # it is well: everybody may
    pool.failed(first, "broken")
    clock.now += 1
    pool.trying(first, 3.0)
    assert chosen(pool) == "b"
    clock.now += 3
    assert chosen(pool) == "a"


def test_how_long_until_the_next_try(pool: EnginePool[Any], clock: Clock) -> None:
    pool.failed(pool.states[1], "broken")
    assert not pool.other("de", pool.states[1])
    assert pool.retry_in("de") == 1.0
    assert pool.retry_in("fr") == 5.0


def test_who_waits_for_one_that_is_tried_looks_again_soon(pool: EnginePool[Any], clock: Clock) -> None:
    second = pool.states[1]
    pool.failed(second, "broken")
    pool.failed(pool.states[2], "broken")
    clock.now += 1
    pool.trying(second, 60.0)
    pool.trying(pool.states[2], 60.0)
    assert chosen(pool, "de") is None
    assert pool.retry_in("de") == 1.0, "not a minute: it may be well at any moment"
    pool.well(second)
    assert (chosen(pool, "de"), pool.retry_in("de")) == ("b", 0.0)


def test_another_call_tries_when_the_one_that_did_ends(pool: EnginePool[Any], clock: Clock) -> None:
    first = pool.states[0]
    pool.failed(first, "broken")
    clock.now += 1
    pool.trying(first, 60.0)
    assert chosen(pool) == "b"
    pool.untried(first)
    assert (chosen(pool), first.failures) == ("a", 1)
    pool.failed(first, "broken")
    pool.untried(first)
    assert chosen(pool) == "b", "its back-off stays"


def test_health(pool: EnginePool[Any]) -> None:
    for state in pool.states:
        assert pool.health is None
        for _ in range(3):
            pool.failed(state, "no key")
    assert pool.health == "no speech engine works: a: no key"


class Unstartable(ScriptedEngine):
    broken = True

    async def start(self) -> None:
        if self.broken:
            raise OSError("no model here")


async def test_one_engine_that_starts_is_enough() -> None:
    bad, good = Unstartable(name="bad"), ScriptedEngine(name="good")
    pool: EnginePool[Any] = EnginePool([bad, good], retry=1.0, longest=5.0)
    await pool.start()
    assert chosen(pool) == "good"
    with pytest.raises(OSError, match="no model here"):
        await pool.ensure_started(pool.states[0])
    bad.broken = False
    await pool.ensure_started(pool.states[0])
    assert pool.states[0].ready
    await pool.stop()
    assert good.stopped == 1


async def test_no_engine_that_starts_is_an_error() -> None:
    with pytest.raises(OSError, match="no model here"):
        await EnginePool([Unstartable()], retry=1.0, longest=5.0).start()


@pytest.mark.parametrize(
    ("text", "described"),
    [
        (
            "401, message='Invalid', url='wss://user:pw@vendor.example/listen?token=secret'",
            "OSError: 401, message='Invalid', url='wss://…'",
        ),
        ("two\n  lines, https://vendor.example/?key=secret says", "OSError: two lines, https://… says"),
        ("", "OSError"),
    ],
)
def test_a_problem_in_one_line_without_the_keys_that_urls_hold(text: str, described: str) -> None:
    assert describe(OSError(text)) == described


class OwnError(Exception):
    """Of the engine's own package."""


class Here:
    """An engine of this module."""


@pytest.mark.parametrize(
    ("problem", "described"),
    [
        (ValueError("cannot read 'my card is 4111'"), "ValueError at test_engines.py:"),
        (KeyError("four one one one"), "KeyError at test_engines.py:"),
        (ConnectionResetError("reset by peer"), "ConnectionResetError: reset by peer"),
        (TimeoutError(), "TimeoutError"),
        (EOFError("it ended"), "EOFError: it ended"),
        (OwnError("the licence ran out"), "OwnError: the licence ran out"),
    ],
)
def test_a_problem_with_what_was_said_quotes_none_of_it(problem: Exception, described: str) -> None:
    try:
        raise problem
    except Exception as raised:
        text = describe_heard(raised, Here())
    assert text.rstrip("0123456789") == described
