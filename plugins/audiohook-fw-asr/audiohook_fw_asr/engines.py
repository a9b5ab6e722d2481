"""`EnginePool`: the engines of a plugin in order of preference, and how each fares; shared by all calls."""

from __future__ import annotations

import asyncio
import logging
import re
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, TypeVar

from .bounded import bounded
from .languages import match_language
from .types import Engine

__all__ = ["EnginePool", "EngineState", "describe", "describe_heard"]

logger = logging.getLogger(__name__)

E = TypeVar("E", bound=Engine)

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 5.0


@dataclass(slots=True, eq=False)
class EngineState(Generic[E]):
    """One engine.

    Attributes:
        failures: in a row; 0 while it is well. not_before: loop time of the next try.
        tried: a call tries, after a failure, whether it is well again.
        ready: `start` has returned. problem: of the last failure.
        results, garbage, failed: totals.
    """

    engine: E
    name: str
    failures: int = 0
    not_before: float = 0.0
    tried: bool = False
    ready: bool = False
    problem: str = ""
    results: int = 0
    garbage: int = 0
    failed: int = 0
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)


class EnginePool(Generic[E]):
    """Chooses an engine: the first in order that fits the language and is not in its back-off.

    Args:
        engines: in order of preference. retry: seconds of the first back-off. longest: of the last.
        clock: seconds that never go back.
    """

    def __init__(
        self, engines: Sequence[E], *, retry: float, longest: float, clock: Callable[[], float] | None = None
    ) -> None:
        names: list[str] = []
        for engine in engines:
            name = str(getattr(engine, "name", "") or type(engine).__name__)
            names.append(name if name not in names else f"{name}-{len(names) + 1}")
        self.states: Final = tuple(
            EngineState(engine, name) for engine, name in zip(engines, names, strict=True)
        )
        self._retry = retry
        self._longest = longest
        self._clock = clock or (lambda: asyncio.get_running_loop().time())

    @property
    def languages(self) -> list[str]:
        """The languages of all engines, each once, in order."""
        return list(dict.fromkeys(tag for state in self.states for tag in state.engine.languages))

    async def start(self) -> None:
        """Start all engines; those that fail are tried again when they are needed.

        Raises: what the first engine raised, when none could be started.
        """
        results = await asyncio.gather(*map(self._start, self.states), return_exceptions=True)
        problems = [problem for problem in results if isinstance(problem, BaseException)]
        if problems and len(problems) == len(results):
            raise problems[0]
        for state, problem in zip(self.states, results, strict=True):
            if isinstance(problem, BaseException):
                self.failed(state, f"does not start: {describe(problem)}")

    async def stop(self) -> None:
        """Stop all engines, however they behave."""
        for state in self.states:
            if state.ready:
                state.ready = False
                try:
                    await bounded(state.engine.stop(), _STOP_SECONDS)
                except Exception as problem:
                    logger.warning("engine %s does not stop: %s", state.name, describe(problem))

    async def ensure_started(self, state: EngineState[E]) -> None:
        """Start an engine that could not be started before. Raises what it raises."""
        if not state.ready:
            await self._start(state)

    def fits(self, state: EngineState[E], language: str) -> str | None:
        """Return the engine's tag for a language (its first for an empty one), or `None`."""
        languages = state.engine.languages
        return (languages[0] if languages else "") if not language else match_language(language, languages)

    def supports(self, language: str) -> bool:
        """Tell whether any engine understands a language."""
        return any(self.fits(state, language) is not None for state in self.states)

    def choose(self, language: str) -> EngineState[E] | None:
        """Return the best engine now, or `None` while all that fit are in their back-off."""
        now = self._clock()
        fitting = (state for state in self.states if self.fits(state, language) is not None)
        return next((state for state in fitting if state.not_before <= now), None)

    def other(self, language: str, than: EngineState[E]) -> bool:
        """Tell whether another engine could be had now."""
        now = self._clock()
        return any(
            state is not than and state.not_before <= now and self.fits(state, language) is not None
            for state in self.states
        )

    def retry_in(self, language: str) -> float:
        """Return the seconds after which to `choose` again; one that is tried may be well any moment."""
        now = self._clock()
        fitting = (state for state in self.states if self.fits(state, language) is not None)
        left = [
            min(self._retry, state.not_before - now) if state.tried else state.not_before - now
            for state in fitting
        ]
        return max(0.0, min(left)) if left else self._longest

    def trying(self, state: EngineState[E], seconds: float) -> None:
        """Keep other calls from an engine that failed, while this one tries it."""
        if state.failures:
            state.not_before = self._clock() + seconds
            state.tried = True

    def untried(self, state: EngineState[E]) -> None:
        """Note that the call which tried an engine ended before it knew: another one may try."""
        if state.tried:
            state.tried = False
            state.not_before = self._clock()

    def failed(self, state: EngineState[E], problem: str) -> None:
        """Note a failure, and let the engine rest."""
        state.failures += 1
        state.failed += 1
        state.tried = False
        rest = min(self._longest, self._retry * 2 ** min(state.failures - 1, 30))
        state.not_before = self._clock() + rest
        if problem != state.problem or state.failures == 1:
            logger.warning("engine %s fails: %s; it is tried again in %.1f s", state.name, problem, rest)
        state.problem = problem

    def well(self, state: EngineState[E]) -> None:
        """Note that an engine works."""
        if state.failures:
            logger.info("engine %s works again", state.name)
            state.failures = 0
            state.tried = False
            state.not_before = 0.0
            state.problem = ""

    @property
    def health(self) -> str | None:
        """One sentence when no engine works, else `None`."""
        if all(state.failures >= 3 for state in self.states):
            return f"no speech engine works: {self.states[0].name}: {self.states[0].problem}"
        return None

    async def _start(self, state: EngineState[E]) -> None:
        async with state._starting:
            if not state.ready:
                await bounded(state.engine.start(), _START_SECONDS)
                state.ready = True


_URL: Final = re.compile(r"(\w+://)[^\s'\"<>]+")


def describe(problem: BaseException) -> str:
    """Return a problem in one line, for logs: a vendor's text may hold anything, so it is cut.

    URLs are left out: vendors have keys in them, and libraries put them into the text of an error.
    """
    text = _URL.sub(r"\1…", " ".join(str(problem).split()))
    name = type(problem).__name__
    return f"{name}: {text[:200]}" if text else name


def describe_heard(problem: BaseException, engine: object) -> str:
    """Return a problem that an engine had while it heard somebody, in one line, for logs.

    Texts of exceptions quote what could not be read, which here is what was said: only those that the system
    makes (`OSError`, `EOFError`), or a class of the engine's own package, are shown; of others the place is.
    """
    is_own = _package(problem) == _package(engine)
    if is_own or isinstance(problem, OSError | EOFError):
        return describe(problem)
    frames = traceback.extract_tb(problem.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(problem).__name__}{where}"


def _package(thing: object) -> str:
    return type(thing).__module__.partition(".")[0]
