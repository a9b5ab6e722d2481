"""Whatever an engine does, whoever asks it gets a score or none, in time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import pytest
from audiohook_fw_sentiment import SentimentSettings, Utterance
from audiohook_fw_sentiment.scorer import Scorer
from audiohook_fw_sentiment.totals import Outcome, Totals

T = TypeVar("T")

FOREVER = 30.0
SOON = 0.05


async def run(function: Callable[..., T], /, *args: Any) -> T:
    return await asyncio.to_thread(function, *args)


def said(text: str = "hello") -> Utterance:
    return Utterance(text, "en", "external")


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what must happen."""
    async with asyncio.timeout(FOREVER):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Gate:
    """An engine that answers when it is let, and counts what it is asked."""

    languages: Sequence[str] = ("en",)
    batch = 3

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.asked: list[list[str]] = []

    async def score_batch(self, utterances: Sequence[Utterance]) -> list[float]:
        self.asked.append([utterance.text for utterance in utterances])
        await self.open.wait()
        return [int(utterance.text) / 100 for utterance in utterances]


class Raising:
    languages: Sequence[str] = ("en",)

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.asked = 0

    async def score(self, utterance: Utterance) -> float:
        self.asked += 1
        raise self.error


def make(engine: object, **settings: Any) -> tuple[Scorer, Totals]:
    totals = Totals()
    return Scorer("acme", engine, SentimentSettings(**settings), totals), totals


def counted(totals: Totals) -> dict[Outcome, int]:
    return {outcome: number for (_, outcome), number in totals.counts.items()}


async def test_what_waits_is_asked_together_and_everyone_gets_their_own() -> None:
    engine = Gate()
    scorer, totals = make(engine, parallel=1, timeout=FOREVER)
    tasks = [asyncio.create_task(scorer.score(said(str(number)), run)) for number in range(6)]
    await asyncio.sleep(0.01)
    assert engine.asked == [["0"]]
    engine.open.set()
    assert await asyncio.gather(*tasks) == [0.0, 0.01, 0.02, 0.03, 0.04, 0.05]
    assert engine.asked == [["0"], ["1", "2", "3"], ["4", "5"]]
    assert counted(totals) == {Outcome.SCORED: 6}


async def test_no_more_questions_at_once_than_allowed() -> None:
    engine = Gate()
    scorer, _ = make(engine, parallel=2, timeout=FOREVER)
    tasks = [asyncio.create_task(scorer.score(said(str(number)), run)) for number in range(5)]
    await asyncio.sleep(0.01)
    assert engine.asked == [["0"], ["1"]]
    engine.open.set()
    await asyncio.gather(*tasks)
    assert engine.asked[2:] == [["2", "3", "4"]]


async def test_one_too_many_is_refused_at_once() -> None:
    engine = Gate()
    scorer, totals = make(engine, parallel=1, waiting=1, timeout=FOREVER)
    tasks = [asyncio.create_task(scorer.score(said(str(number)), run)) for number in range(2)]
    await asyncio.sleep(0.01)
    assert await scorer.score(said("2"), run) is None
    assert counted(totals) == {Outcome.REFUSED: 1}
    engine.open.set()
    assert await asyncio.gather(*tasks) == [0.0, 0.01]


async def test_an_engine_that_is_late_is_cancelled_and_then_left_alone() -> None:
    engine = Gate()
    scorer, totals = make(engine, timeout=SOON, rest=FOREVER)
    for number in range(3):
        assert not scorer.rests
        assert await scorer.score(said(str(number)), run) is None
    assert scorer.rests
    assert counted(totals) == {Outcome.LATE: 3}
    await scorer.stop()


async def test_who_gives_up_waiting_for_a_turn_is_not_asked_for() -> None:
    engine = Gate()
    scorer, _ = make(engine, parallel=1, timeout=FOREVER)
    first = asyncio.create_task(scorer.score(said("1"), run))
    second = asyncio.create_task(scorer.score(said("2"), run))
    await asyncio.sleep(0.01)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    engine.open.set()
    assert await first == 0.01
    assert engine.asked == [["1"]]


async def test_an_engine_that_swallows_cancelling_gets_no_more_questions() -> None:
    release = asyncio.Event()

    class Stubborn:
        languages = ("en",)
        asked = 0

        async def score(self, utterance: Utterance) -> float:
            self.asked += 1
            while not release.is_set():
                try:
                    await release.wait()
                except asyncio.CancelledError:
                    continue
            return 0.0

    engine = Stubborn()
    scorer, _ = make(engine, parallel=1, timeout=SOON, rest=1)
    try:
        assert await scorer.score(said(), run) is None
        await asyncio.sleep(SOON)
        assert scorer.rests
        assert engine.asked == 1
    finally:
        release.set()  # or the loop of the test never ends
    await until(lambda: not scorer.rests)
    await scorer.stop()


@pytest.fixture
def hanging() -> Iterator[tuple[object, threading.Event, list[str]]]:
    release = threading.Event()
    asked: list[str] = []

    class Hanging:
        languages = ("en",)

        def score(self, utterance: Utterance) -> float:
            asked.append(utterance.text)
            release.wait(FOREVER)
            return 0.5

    yield Hanging(), release, asked
    release.set()


async def test_threads_that_hang_are_no_more_than_allowed(
    hanging: tuple[object, threading.Event, list[str]],
) -> None:
    engine, release, asked = hanging
    scorer, totals = make(engine, parallel=2, timeout=SOON, rest=1)
    results = await asyncio.gather(*(scorer.score(said(str(number)), run) for number in range(6)))
    assert results == [None] * 6
    await asyncio.sleep(SOON)
    assert scorer.rests
    assert len(asked) == 2
    assert counted(totals) == {Outcome.LATE: 6}
    release.set()
    await until(lambda: not scorer.rests)
    await scorer.stop()


async def test_an_answer_after_its_time_is_no_sign_of_health() -> None:
    class Slow:
        languages = ("en",)

        def score(self, utterance: Utterance) -> float:
            return 0.5 if release.wait(FOREVER) else 0.0

    release = threading.Event()
    scorer, _ = make(Slow(), parallel=3, timeout=SOON, rest=FOREVER)
    for _ in range(3):
        assert await scorer.score(said(), run) is None
    release.set()
    await until(lambda: not scorer._asked)
    assert scorer.rests


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), TimeoutError("its own"), SystemExit(3), KeyError("y"), asyncio.CancelledError()],
    ids=lambda e: type(e).__name__,
)
async def test_an_engine_that_raises_gives_no_score(error: BaseException) -> None:
    engine = Raising(error)
    scorer, totals = make(engine, timeout=FOREVER)
    for _ in range(3):
        assert await scorer.score(said(), run) is None
    assert scorer.rests
    assert (engine.asked, counted(totals)) == (3, {Outcome.FAILED: 3})


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), SystemExit(3), asyncio.CancelledError(), GeneratorExit()],
    ids=lambda e: type(e).__name__,
)
async def test_an_inline_engine_that_raises(error: BaseException) -> None:
    class Inline:
        languages = ("en",)
        inline = True

        def score(self, utterance: Utterance) -> float:
            raise error

    scorer, totals = make(Inline())
    for _ in range(3):
        assert await scorer.score(said(), run) is None
    assert scorer.rests
    assert counted(totals) == {Outcome.FAILED: 3}


async def test_nonsense_is_a_failure() -> None:
    class Nonsense:
        languages = ("en",)

        async def score(self, utterance: Utterance) -> Any:
            return "very good"

    scorer, totals = make(Nonsense(), timeout=FOREVER)
    assert await scorer.score(said(), run) is None
    assert counted(totals) == {Outcome.FAILED: 1}


async def test_an_engine_that_cannot_tell_is_well() -> None:
    class Unsure:
        languages = ("en",)

        async def score(self, utterance: Utterance) -> None:
            return None

    scorer, totals = make(Unsure(), timeout=FOREVER)
    for _ in range(4):
        assert await scorer.score(said(), run) is None
    assert not scorer.rests
    assert counted(totals) == {Outcome.UNKNOWN: 4}


async def test_stopping_cancels_what_is_asked() -> None:
    engine = Gate()
    scorer, _ = make(engine, parallel=1, timeout=FOREVER)
    asking = asyncio.create_task(scorer.score(said("1"), run))
    await asyncio.sleep(0.01)
    await scorer.stop()
    assert scorer._asked == {}
    asking.cancel()
