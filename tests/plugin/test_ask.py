"""Asking several plugins at once: order, deadline, abandonment."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from audiohook_fw.plugin.ask import Answer, Question, TaskHold, ask


def after(seconds: float, value: object) -> Question:
    async def call() -> object:
        await asyncio.sleep(seconds)
        if isinstance(value, BaseException):
            raise value
        return value

    return Question(f"after{seconds:g}", call, is_async=True)


def at_once(value: object) -> Question:
    def call() -> object:
        if isinstance(value, BaseException):
            raise value
        return value

    return Question("at_once", call)


@pytest.fixture
def hold() -> TaskHold:
    return TaskHold()


def yes(answer: Answer) -> bool:
    return answer.value == "yes"


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_all_are_asked_at_once_and_answer_in_order(hold: TaskHold) -> None:
    answers = await ask("h", [after(3, "a"), at_once("b"), after(1, "c")], 5, final=yes, hold=hold)
    assert [answer.value for answer in answers] == ["a", "b", "c"]
    assert [answer.seconds for answer in answers] == [3, 0, 1]
    assert now() == 3
    assert hold.count == 0


async def test_nobody_to_ask(hold: TaskHold) -> None:
    assert await ask("h", [], 5, final=yes, hold=hold) == []


async def test_the_last_word_counts_when_everybody_before_it_answered(hold: TaskHold) -> None:
    answers = await ask("h", [after(2, "no"), after(1, "yes"), after(4, "no")], 5, final=yes, hold=hold)
    assert [answer.value for answer in answers] == ["no", "yes"]
    assert now() == 2
    assert hold.count == 1
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(hold) == 0


async def test_a_plain_last_word_leaves_the_rest_unasked(hold: TaskHold) -> None:
    asked: list[str] = []
    rest = Question("rest", lambda: asked.append("rest"))
    answers = await ask("h", [at_once("yes"), rest], 5, final=yes, hold=hold)
    assert len(answers) == 1
    assert asked == []


async def test_the_late_are_cancelled_but_not_waited_for(hold: TaskHold) -> None:
    stubborn_ended = False

    async def stubborn() -> None:
        nonlocal stubborn_ended
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await asyncio.sleep(100)
            stubborn_ended = True
            raise ValueError("late words") from None

    question = Question("stubborn", stubborn, is_async=True)
    answers = await ask("h", [question, after(1, "a")], 2, final=yes, hold=hold)
    assert now() == 2
    assert [(answer.late, answer.failed, answer.value) for answer in answers] == [
        (True, True, None),
        (False, False, "a"),
    ]
    assert len(hold) == hold.count == 1
    await asyncio.sleep(101)
    assert stubborn_ended
    assert len(hold) == 0  # its exception was consumed: nothing is logged when it is collected


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), asyncio.CancelledError(), GeneratorExit()])
@pytest.mark.parametrize("make", [lambda error: after(1, error), at_once])
async def test_whatever_a_plugin_raises_is_its_answer(
    hold: TaskHold, make: Callable[[object], Question], error: BaseException
) -> None:
    answers = await ask("h", [make(error), after(2, "b")], 5, final=yes, hold=hold)
    assert answers[0].error is error
    assert answers[0].failed
    assert answers[1].value == "b"


async def test_a_plugin_that_cancels_its_own_task_has_failed(hold: TaskHold) -> None:
    async def call() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    answers = await ask("h", [Question("odd", call, is_async=True)], 5, final=yes, hold=hold)
    assert isinstance(answers[0].error, asyncio.CancelledError)


async def test_a_plain_function_may_return_an_awaitable(hold: TaskHold) -> None:
    question = Question("mixed", lambda: asyncio.sleep(1, "a"))
    answers = await ask("h", [question], 5, final=yes, hold=hold)
    assert answers[0].value == "a"


async def test_cancelling_abandons_all(hold: TaskHold) -> None:
    asking = asyncio.create_task(ask("h", [after(5, "a"), after(6, "b")], 9, final=yes, hold=hold))
    await asyncio.sleep(1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert hold.count == 2
    await asyncio.sleep(0)
    assert len(hold) == 0


@pytest.mark.filterwarnings("always::RuntimeWarning")
async def test_a_hook_that_is_late_before_it_began_leaves_nothing_that_nobody_awaits(
    hold: TaskHold, recwarn: pytest.WarningsRecorder
) -> None:
    begun: list[str] = []

    async def call() -> None:
        begun.append("a")

    # As when another plugin blocked the loop for all of the time that there was.
    answers = await ask("h", [Question("a", call, is_async=True)], 0, final=yes, hold=hold)
    assert [answer.late for answer in answers] == [True]
    await asyncio.sleep(0)  # the task ends
    await asyncio.sleep(0)  # and is let go
    gc.collect()
    assert begun == []
    assert len(hold) == 0
    assert [str(warning.message) for warning in recwarn] == []


async def test_each_plugin_runs_in_its_span(hold: TaskHold) -> None:
    log: list[Any] = []

    @contextmanager
    def span(hook: str, plugin: str) -> Iterator[None]:
        log.append(("begin", hook, plugin))
        yield
        log.append(("end", plugin, now()))

    await ask("on_open", [after(1, "a"), at_once("b")], 5, final=yes, hold=hold, span=span)
    assert log == [
        ("begin", "on_open", "at_once"),
        ("end", "at_once", 0),
        ("begin", "on_open", "after1"),
        ("end", "after1", 1),
    ]


async def test_a_plugin_whose_tasks_never_end_is_not_asked_any_more() -> None:
    hold = TaskHold(limit=2)
    asked: list[str] = []
    end = asyncio.Event()

    async def hang() -> None:
        asked.append("hangs")
        while not end.is_set():
            try:
                await end.wait()
            except asyncio.CancelledError:
                continue

    hangs = Question("hangs", hang, is_async=True)
    for _ in range(4):
        answers = await ask("h", [hangs, at_once("a")], 1, final=yes, hold=hold)
        assert [answer.failed for answer in answers] == [True, False]
    assert len(asked) == hold.running("hangs") == 2
    assert now() == 2  # nor is it waited for
    end.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert hold.running("hangs") == 0
    await ask("h", [hangs], 1, final=yes, hold=hold)
    assert len(asked) == 3
