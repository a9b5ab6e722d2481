"""Ask several plugins at once under one deadline, judge their answers in order, abandon the late."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from audiohook_fw.errors import PluginError

from .running import Running, tells

__all__ = ["Answer", "Question", "SpanFactory", "TaskHold", "ask", "is_running"]

SpanFactory = Callable[[str, str], AbstractContextManager[object]]
"""Makes the context in which a plugin's code runs, from the hook and the plugin's name."""


@dataclass(frozen=True, slots=True)
class Question:
    """A plugin's implementation of the hook, with its arguments bound, and the call it is about, if any."""

    plugin: str
    call: Callable[[], object]
    is_async: bool = False
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a plugin answered, how long it took (seconds), or how it failed."""

    plugin: str
    value: object = field(default=None, repr=False)
    seconds: float = 0.0
    error: BaseException | None = field(default=None, repr=False)
    late: bool = False

    @property
    def failed(self) -> bool:
        """Whether the plugin raised or was late."""
        return self.late or self.error is not None


class TaskHold:
    """Tasks that nobody waits for any more: held until they end, their exceptions consumed.

    Args:
        limit: how many of one plugin may run on before that plugin is not asked any more.
    """

    __slots__ = ("_limit", "_of", "_running", "count")

    def __init__(self, limit: int = 1_000) -> None:
        self._limit = limit
        self._of: dict[asyncio.Task[object], str] = {}
        self._running: dict[str, int] = {}
        self.count = 0

    def __len__(self) -> int:
        return len(self._of)

    def running(self, plugin: str) -> int:
        """Return how many tasks of a plugin go on without us."""
        return self._running.get(plugin, 0)

    def is_full(self, plugin: str) -> bool:
        """Tell whether so many go on that the plugin must not get another."""
        return self.running(plugin) >= self._limit

    def abandon(self, task: asyncio.Task[object], plugin: str) -> None:
        """Cancel a task without waiting for it."""
        task.cancel()
        self.keep(task, plugin)

    def keep(self, task: asyncio.Task[object], plugin: str) -> None:
        """Hold a task of a plugin that goes on without us."""
        if not task.done():
            self.count += 1
        self._of[task] = plugin
        self._running[plugin] = self.running(plugin) + 1
        task.add_done_callback(self._release)

    def _release(self, task: asyncio.Task[object]) -> None:
        self._running[self._of.pop(task)] -= 1
        if not task.cancelled():
            task.exception()


def is_running(task: asyncio.Task[Any] | None) -> bool:
    """Tell whether a task runs just now, rather than its coroutine being closed."""
    return task is not None and asyncio.current_task(task.get_loop()) is task


def _running(local: Mapping[str, Any]) -> Running:
    question = local["question"]
    return Running(question.plugin, local["self"]._hook, question.session_id)


class _Round:
    """One question to several plugins."""

    def __init__(self, hook: str, hold: TaskHold, span: SpanFactory | None) -> None:
        self._hook = hook
        self._hold = hold
        self._span = span
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        self.answers: list[Answer | None] = []
        self.tasks: dict[asyncio.Task[object], int] = {}
        self._awaited: dict[asyncio.Task[object], object] = {}

    @tells(_running)
    def put(self, question: Question) -> Answer | None:
        """Ask one plugin: the answer of a plain function, or `None` while a task works on it."""
        index = len(self.answers)
        self.answers.append(None)
        if self._hold.is_full(question.plugin):
            problem = "is not asked, since too many of its hooks were late and still run"
            error = PluginError(question.plugin, problem, hook=self._hook)
            self.answers[index] = self._answer(question.plugin, error=error)
            return self.answers[index]
        try:
            if question.is_async:
                result: object = question.call()
            else:
                with self._spanned(question.plugin):
                    result = question.call()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.answers[index] = self._answer(question.plugin, error=error)
        else:
            if inspect.isawaitable(result):
                task = self._loop.create_task(
                    self._wait(question, index, result),
                    name=f"audiohook-{self._hook}:{question.plugin}",
                )
                self.tasks[task] = index
                self._awaited[task] = result
            else:
                self.answers[index] = self._answer(question.plugin, value=result)
        return self.answers[index]

    def running(self, questions: Sequence[Question]) -> list[asyncio.Task[object]]:
        """Return the tasks that still work; one that cancelled itself counts as a fault."""
        for task, index in self.tasks.items():
            if task.done() and self.answers[index] is None:
                self.answers[index] = self._answer(questions[index].plugin, error=asyncio.CancelledError())
        return [task for task in self.tasks if not task.done()]

    def give_up(self, questions: Sequence[Question]) -> None:
        """Count everybody who has not answered as late."""
        for index, answer in enumerate(self.answers):
            if answer is None:
                self.answers[index] = self._answer(questions[index].plugin, late=True)

    def abandon(self, questions: Sequence[Question]) -> None:
        """Let go of all tasks that still run."""
        for task, index in self.tasks.items():
            if not task.done():
                self._hold.abandon(task, questions[index].plugin)
                result = self._awaited[task]
                if inspect.iscoroutine(result) and inspect.getcoroutinestate(result) == inspect.CORO_CREATED:
                    result.close()  # its task ends before it awaits it, and Python would complain of that

    @tells(_running)
    async def _wait(self, question: Question, index: int, result: object) -> object:
        assert inspect.isawaitable(result)
        task = asyncio.current_task()
        try:
            with self._spanned(question.plugin):
                value = await result
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if isinstance(error, GeneratorExit) and not is_running(task):
                raise  # nobody's fault: the loop is gone, and so are its coroutines
            if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                raise
            self.answers[index] = self._answer(question.plugin, error=error)
        else:
            self.answers[index] = self._answer(question.plugin, value=value)
        return None

    def _spanned(self, plugin: str) -> AbstractContextManager[object]:
        return nullcontext() if self._span is None else self._span(self._hook, plugin)

    def _answer(
        self, plugin: str, *, value: object = None, error: BaseException | None = None, late: bool = False
    ) -> Answer:
        return Answer(plugin, value, self._loop.time() - self._started, error, late)


async def ask(
    hook: str,
    questions: Sequence[Question],
    timeout: float,
    *,
    final: Callable[[Answer], bool],
    hold: TaskHold,
    span: SpanFactory | None = None,
) -> list[Answer]:
    """Return the answers in order, up to and with the first that `final` takes as the last word.

    Plain functions are called in order; async ones run at once, each in a task. The last word counts as soon
    as everybody before it has answered. Whoever has not answered after `timeout` seconds is late: cancelled
    but not waited for. A plugin of which too many such tasks still run has failed without being asked.
    Cancelling `ask` abandons all of them.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    asked = _Round(hook, hold, span)
    try:
        for question in questions:
            answer = asked.put(question)
            if answer is not None and final(answer):
                break  # nobody after it can matter
        while True:
            running = asked.running(questions)
            judged = _judge(asked.answers, final)
            if judged is not None:
                return judged
            left = deadline - loop.time()
            if left <= 0:
                asked.give_up(questions)
            else:
                await asyncio.wait(running, timeout=left, return_when=asyncio.FIRST_COMPLETED)
    finally:
        asked.abandon(questions)


def _judge(answers: Sequence[Answer | None], final: Callable[[Answer], bool]) -> list[Answer] | None:
    judged: list[Answer] = []
    for answer in answers:
        if answer is None:
            return None
        judged.append(answer)
        if final(answer):
            break
    return judged
