"""Engines of every kind are asked in one way, and their answers are checked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import pytest
from audiohook_fw_sentiment import Utterance
from audiohook_fw_sentiment.asking import Asker, scores_of

T = TypeVar("T")
SAID = [Utterance("one", "en", "external"), Utterance("two", "en", "internal")]


class Engine:
    """An engine with these attributes and functions."""

    languages: Sequence[str] = ("en",)

    def __init__(self, **attributes: object) -> None:
        self.__dict__.update(attributes)


async def run(function: Callable[..., T], /, *args: Any) -> T:
    return await asyncio.to_thread(function, *args)


async def test_plain_one_by_one_is_asked_in_a_thread() -> None:
    threads = []

    def score(utterance: Utterance) -> float:
        threads.append(threading.get_ident())
        return len(utterance.text) / 10

    asker = Asker(Engine(score=score))
    assert (asker.batch, asker.inline, asker.in_thread) == (1, False, True)
    assert await asker.ask(SAID[:1], run) == [0.3]
    assert threading.get_ident() not in threads


async def test_async_batches_are_asked_in_the_loop() -> None:
    async def score_batch(utterances: Sequence[Utterance]) -> list[float | None]:
        assert threading.get_ident() == here
        return [None if utterance.channel == "internal" else 1 for utterance in utterances]

    here = threading.get_ident()
    asker = Asker(Engine(score_batch=score_batch, batch=5))
    assert (asker.batch, asker.inline, asker.in_thread) == (5, False, False)
    assert await asker.ask(SAID, run) == [1.0, None]


async def test_a_plain_function_may_return_something_to_await() -> None:
    async def later() -> float:
        return 0.25

    asker = Asker(Engine(score=lambda utterance: later()))
    assert await asker.ask(SAID[:1], run) == [0.25]


def test_inline_is_asked_at_once() -> None:
    asker = Asker(Engine(score=lambda utterance: -0.5, inline=True))
    assert asker.inline
    assert asker.ask_now(SAID[0]) == -0.5
    several = Asker(Engine(score_batch=lambda utterances: [0.5] * len(utterances), inline=True, batch=3))
    assert several.ask_now(SAID[0]) == 0.5


def test_async_is_never_inline() -> None:
    async def score(utterance: Utterance) -> float:
        return 0.0

    assert not Asker(Engine(score=score, inline=True)).inline


@pytest.mark.parametrize(
    ("engine", "problem"),
    [
        (Engine(), "neither score"),
        (Engine(score=1), "neither score"),
        (Engine(score=len, languages="en"), "languages"),
        (Engine(score=len, languages=()), "languages"),
        (Engine(score_batch=len), "batch must say"),
        (Engine(score_batch=len, batch=0), "batch must say"),
    ],
)
def test_what_is_no_engine(engine: Engine, problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        Asker(engine)


def test_scores_of_numpy_and_a_hair_too_much() -> None:
    assert scores_of([np.float32(0.5), 1 + 1e-9, None, -1], 4) == [0.5, 1.0, None, -1.0]


@pytest.mark.parametrize(
    "answer",
    [
        0.5,
        "0",
        [],
        [0.1],
        [0.1, 0.2, 0.3],
        [0.1, float("nan")],
        [2, 0],
        [0, -1.1],
        ["0.5", 0],
        [True, 0],
        [{}, 0],
    ],
)
def test_scores_that_are_none(answer: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        scores_of(answer, 2)


@pytest.mark.parametrize("several", [False, True])
def test_an_inline_engine_that_ought_to_be_awaited(several: bool) -> None:
    """A coroutine that nobody closes would be a warning, and so fail this test."""

    async def later(utterance: object) -> float:
        return 0.5

    functions = (
        {"score_batch": lambda us: later(us), "batch": 2} if several else {"score": lambda u: later(u)}
    )
    with pytest.raises(TypeError, match=r"no number|no sequence"):
        Asker(Engine(inline=True, **functions)).ask_now(SAID[0])
