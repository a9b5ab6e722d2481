"""`Engines`: the configured engines, found by entry point, and which of them an utterance goes to."""

from __future__ import annotations

import asyncio
import inspect
import logging
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from audiohook_fw import ConfigError

from .asking import RunBlocking
from .engine import GROUP, Score, Utterance
from .languages import understands
from .scorer import Scorer
from .settings import SentimentSettings
from .totals import Outcome, Totals
from .vader import Vader

__all__ = ["Engines"]

logger = logging.getLogger(__name__)

_STOP_SECONDS: Final = 3.0
_SETTING: Final = "plugins.sentiment.engines"


class Engines:
    """The engines of `settings.engines`, in that order."""

    def __init__(self, settings: SentimentSettings) -> None:
        self._settings = settings
        self.totals = Totals()
        self._scorers: tuple[Scorer, ...] = ()

    async def start(self) -> None:
        """Find, make and start all engines.

        Raises:
            ConfigError: one is not installed, is no engine, or does not start.
        """
        # Importing and making may take long: a model is loaded.
        scorers = [await asyncio.to_thread(self._make, name) for name in self._settings.engines]
        for scorer in scorers:
            try:
                await _call(scorer.engine, "start")
            except Exception as error:
                await self.stop()
                raise _refused(scorer.name, "does not start", error) from error
            self._scorers = (*self._scorers, scorer)

    async def stop(self) -> None:
        """End what is asked and stop the engines, however they behave."""
        for scorer in self._scorers:
            await scorer.stop()
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await _call(scorer.engine, "stop")
            except Exception as error:  # an engine is a stranger
                logger.warning("sentiment engine %s does not stop: %s", scorer.name, type(error).__name__)

    async def score(self, utterance: Utterance, run: RunBlocking) -> Score:
        """Return the score by the first engine that knows the language and works; `None` without any."""
        fitting = [scorer for scorer in self._scorers if understands(scorer.languages, utterance.language)]
        for scorer in fitting:
            if not scorer.rests:
                return await scorer.score(utterance, run)
        self.totals.count("", Outcome.RESTING if fitting else Outcome.LANGUAGE)
        return None

    def _make(self, name: str) -> Scorer:
        if name == "vader":
            engine: Any = Vader(self._settings.words, call_centre=self._settings.call_centre)
        else:
            entry = _entry_point(name)
            try:
                engine = entry.load()(**self._settings.options.get(name, {}))
            except Exception as error:
                raise _refused(name, "cannot be made", error) from error
        try:
            return Scorer(name, engine, self._settings, self.totals)
        except (TypeError, ValueError) as error:
            raise ConfigError(_SETTING, f"{name!r} is no engine: {error}") from error


def _entry_point(name: str) -> EntryPoint:
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        names = ", ".join(sorted({"vader", *found}))
        raise ConfigError(
            _SETTING,
            f"no engine {name!r} is installed (here are: {names}); install its package, which "
            f"has an entry point of that name in the group {GROUP}",
        )
    return found[name]


def _refused(name: str, what: str, error: Exception) -> ConfigError:
    return ConfigError(_SETTING, f"the engine {name!r} {what}: {type(error).__name__}: {error}")


async def _call(engine: object, name: str) -> None:
    function = getattr(engine, name, None)
    if function is None:
        return
    result = function() if inspect.iscoroutinefunction(function) else await asyncio.to_thread(function)
    if inspect.isawaitable(result):
        await result
