"""How engines are asked: plain or async, one utterance or several; and what their answers must be."""

from __future__ import annotations

import inspect
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol, SupportsFloat, TypeVar

from .engine import Score, Utterance

__all__ = ["Asker", "RunBlocking", "scores_of"]

T = TypeVar("T")


class RunBlocking(Protocol):
    """`Session.run_blocking`."""

    def __call__(self, function: Callable[..., T], /, *args: Any) -> Awaitable[T]:
        """Run a function in a thread."""


class Asker:
    """One engine, asked in one way whatever its kind.

    Attributes:
        batch: how many utterances it takes at once.
        inline: its answer comes at once, in the event loop.
        in_thread: it answers in a thread, which nobody can stop.

    Raises:
        TypeError: it is no engine; the message says what is missing.
    """

    def __init__(self, engine: Any) -> None:
        several = getattr(engine, "score_batch", None)
        function = several if several is not None else getattr(engine, "score", None)
        if not callable(function):
            raise TypeError("it has neither score(utterance) nor score_batch(utterances)")
        languages = getattr(engine, "languages", None)
        if isinstance(languages, str) or not isinstance(languages, Sequence) or not languages:
            raise TypeError("its languages must be tags such as ('en',), or ('*',) for all")
        self.batch: Final = int(getattr(engine, "batch", 0)) if several is not None else 1
        if self.batch < 1:
            raise TypeError("batch must say how many utterances it takes at once, 1 or more")
        self.languages: Final[tuple[str, ...]] = tuple(languages)
        self._several: Final = several is not None
        self._function: Final[Callable[..., Any]] = function
        is_async = inspect.iscoroutinefunction(function)
        self.inline: Final = bool(getattr(engine, "inline", False)) and not is_async
        self.in_thread: Final = not is_async and not self.inline

    def ask_now(self, utterance: Utterance) -> Score:
        """Return the score of an inline engine. Raises what it raises, and as `scores_of`."""
        return scores_of(self._function([utterance]) if self._several else [self._function(utterance)], 1)[0]

    async def ask(self, utterances: Sequence[Utterance], run: RunBlocking) -> list[Score]:
        """Return the scores. Raises what the engine raises, and as `scores_of`."""
        argument = utterances if self._several else utterances[0]
        answer = await run(self._function, argument) if self.in_thread else self._function(argument)
        if inspect.isawaitable(answer):
            answer = await answer
        return scores_of(answer if self._several else [answer], len(utterances))


def scores_of(answer: object, wanted: int) -> list[Score]:
    """Check an engine's scores.

    Raises:
        TypeError, ValueError: they are not as many as wanted, no numbers, or not from -1 to 1.
    """
    if isinstance(answer, str | bytes) or not isinstance(answer, Sequence):
        _discard(answer)
        raise TypeError("the scores are no sequence")
    if len(answer) != wanted:
        raise ValueError("there are not as many scores as utterances")
    return [_score(value) for value in answer]


def _score(value: object) -> Score:
    if value is None:
        return None
    if type(value) is not float:  # asking whether it is a SupportsFloat takes as long as a score
        if isinstance(value, str | bytes | bool) or not isinstance(value, SupportsFloat):
            _discard(value)
            raise TypeError("a score is no number")
        value = float(value)  # of numpy, too
    if not math.isfinite(value) or abs(value) > 1 + 1e-6:
        raise ValueError("a score is not from -1 to 1")
    return max(-1.0, min(1.0, value))


def _discard(value: object) -> None:
    """Close what an inline engine should have awaited, so that nobody is told of it."""
    if inspect.iscoroutine(value):
        value.close()
