"""`Scorer`: one engine, with a bound on everything: who waits, for how long, and how much at once."""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from .asking import Asker, RunBlocking
from .engine import Score, Utterance
from .patience import Patience
from .settings import SentimentSettings
from .totals import Outcome, Totals

__all__ = ["Scorer"]


@dataclass(slots=True, eq=False)
class _Question:
    utterance: Utterance
    run: RunBlocking
    answer: asyncio.Future[Score]


class Scorer:
    """Asks one engine for all calls. What it raises or forgets to do reaches nobody.

    What waits is gathered: the next question holds as many utterances as the engine takes. A question that
    does not end keeps its place among the `parallel` ones: an engine that hangs gets no more threads.

    Raises:
        TypeError: that is no engine.
    """

    def __init__(self, name: str, engine: Any, settings: SentimentSettings, totals: Totals) -> None:
        self.name: Final = name
        self.engine: Final = engine
        self._asker: Final = Asker(engine)
        self._settings: Final = settings
        self._totals: Final = totals
        self._patience: Final = Patience(name, settings.rest)
        self._waiting: deque[_Question] = deque()
        self._asked: dict[asyncio.Task[None], float] = {}

    @property
    def languages(self) -> tuple[str, ...]:
        """The engine's tags."""
        return self._asker.languages

    @property
    def rests(self) -> bool:
        """Whether it is of no use to ask now: it failed lately, or all it was asked is overdue."""
        now = asyncio.get_running_loop().time()
        overdue = sum(now - since > self._settings.timeout for since in self._asked.values())
        return overdue >= self._settings.parallel or self._patience.rests(now)

    async def score(self, utterance: Utterance, run: RunBlocking) -> Score:
        """Return the score, or `None`: it could not tell, failed, or took too long. Cancelling is safe."""
        if self._asker.inline:
            return self._score_now(utterance)
        if len(self._waiting) >= self._settings.waiting:
            self._totals.count(self.name, Outcome.REFUSED)
            return None
        question = _Question(utterance, run, asyncio.get_running_loop().create_future())
        self._waiting.append(question)
        self._ask_next()
        try:
            async with asyncio.timeout(self._settings.timeout):
                score = await question.answer
        except TimeoutError:
            self._failed("it takes too long")
            self._totals.count(self.name, Outcome.LATE)
            return None
        except _NoAnswerError:
            self._totals.count(self.name, Outcome.FAILED)
            return None
        finally:
            self._forget(question)
        return self._scored(score)

    async def stop(self) -> None:
        """Cancel what is asked; waits a moment for it, not for what ignores that."""
        tasks = list(self._asked)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)

    def _score_now(self, utterance: Utterance) -> Score:
        try:
            score = self._asker.ask_now(utterance)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # an engine is a stranger; nobody cancels what does not wait
            self._failed(_described(error))
            self._totals.count(self.name, Outcome.FAILED)
            return None
        self._patience.worked()
        return self._scored(score)

    def _scored(self, score: Score) -> Score:
        self._totals.count(self.name, Outcome.UNKNOWN if score is None else Outcome.SCORED)
        return score

    def _failed(self, problem: str) -> None:
        self._patience.failed(asyncio.get_running_loop().time(), problem)

    def _forget(self, question: _Question) -> None:
        question.answer.cancel()
        if question in self._waiting:
            self._waiting.remove(question)

    def _ask_next(self) -> None:
        while self._waiting and len(self._asked) < self._settings.parallel:
            size = min(self._asker.batch, len(self._waiting))
            questions = [self._waiting.popleft() for _ in range(size)]
            # A question may be of several calls: it belongs to the context of none.
            task = asyncio.get_running_loop().create_task(
                self._ask(questions), name=f"sentiment {self.name}", context=contextvars.Context()
            )
            self._asked[task] = asyncio.get_running_loop().time()
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._asked[task]
        if not task.cancelled():
            task.exception()
        self._ask_next()

    async def _ask(self, questions: list[_Question]) -> None:
        utterances = [question.utterance for question in questions]
        # A thread cannot be stopped: whoever asked gives up alone, and the thread keeps its place.
        seconds = None if self._asker.in_thread else self._settings.timeout
        try:
            async with asyncio.timeout(seconds):
                scores = await self._asker.ask(utterances, questions[0].run)
        except (Exception, SystemExit, asyncio.CancelledError) as error:  # an engine is a stranger
            if isinstance(error, asyncio.CancelledError) and _is_cancelled():
                raise
            if _is_awaited(questions) or not isinstance(error, TimeoutError):
                self._failed(_described(error))
            _tell(questions, lambda answer, _: answer.set_exception(_NoAnswerError()))
            return
        if _is_awaited(questions):  # an answer that nobody waits for any more is a failure, counted already
            self._patience.worked()
        _tell(questions, lambda answer, place: answer.set_result(scores[place]))


class _NoAnswerError(Exception):
    """The engine raised, or answered nonsense."""


def _tell(questions: list[_Question], tell: Callable[[asyncio.Future[Score], int], None]) -> None:
    for place, question in enumerate(questions):
        if not question.answer.done():
            tell(question.answer, place)


def _is_awaited(questions: list[_Question]) -> bool:
    return any(not question.answer.done() for question in questions)


def _is_cancelled() -> bool:
    """Tell whether this task is cancelled from outside; an engine may raise the same by itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _described(error: BaseException) -> str:
    return f"it raised {type(error).__name__}"
