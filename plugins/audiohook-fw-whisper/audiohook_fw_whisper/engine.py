"""`WhisperEngine`: what the base of speech-recognition plugins talks to."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from typing import Final

from audiohook_fw_asr import Result, Segment, SegmentDroppedError, Word

from .messages import Heard, Load, Request
from .models import check_source
from .pool import DroppedError, WorkerPool
from .settings import WhisperSettings
from .totals import Totals
from .worker import ModelError, Worker

__all__ = ["WhisperEngine"]

logger = logging.getLogger(__name__)

_LOADER: Final = f"{__package__}.recognizer:load"
_PATIENCE: Final = 15.0
"""Seconds that the server's start waits for models, well below `limits.startup_timeout`."""

_LOAD_SECONDS: Final = 1800.0
"""Seconds that loading may take: a big model may have to be fetched."""

_NO_MODEL: Final = (
    "no model: set plugins.whisper.model_path to the directory of a Whisper model for CTranslate2, or"
    " plugins.whisper.model to a name such as small.en, which is fetched from Hugging Face"
)


class WhisperEngine:
    """Gives pieces of speech to worker processes."""

    rate = 16_000
    name = "whisper"

    def __init__(self, settings: WhisperSettings) -> None:
        self._settings = settings
        self._models = settings.chosen_models()
        self.languages: Sequence[str] = ()
        self.totals = Totals()
        self._pool = self._make_pool()

    @property
    def problem(self) -> str | None:
        """Why nothing can be recognised now, or `None`."""
        return self._pool.problem

    async def start(self) -> None:
        """Have the workers load the models; what takes longer than some seconds goes on in the background.

        Raises:
            ModelError: there is no model, or none that can be loaded; the text says what to do.
        """
        self.languages = await asyncio.to_thread(self._check)
        self._pool = self._make_pool()
        if not await self._pool.start(_PATIENCE):
            logger.warning("the models are still being loaded; speech waits for them (max_wait)")

    async def recognize(self, segment: Segment) -> Result | None:
        """Return what is said.

        Raises:
            SegmentDroppedError: it waited too long, or no worker survived it. ModelError: no model loads.
        """
        chosen = self._models.choose(segment.language)
        if chosen is None:
            return None
        model, code = chosen
        beam = self._settings.beam if segment.is_final else 1
        request = Request(segment.samples, model, code, segment.is_final, beam, self._settings.window)
        try:
            heard = await self._pool.recognize(segment.session_id, request)
        except DroppedError as error:
            raise SegmentDroppedError(str(error)) from error
        return _result(heard, segment) if heard.text else None

    async def stop(self) -> None:
        """End the workers."""
        await self._pool.stop()

    def _check(self) -> tuple[str, ...]:
        if not self._models.sources:
            raise ModelError(_NO_MODEL)
        for source in self._models.sources.values():
            if (problem := check_source(source)) is not None:
                raise ModelError(problem)
        return self._models.languages()

    def _make_pool(self) -> WorkerPool:
        settings = self._settings
        load = Load(tuple(self._models.sources.items()), settings.threads or _share(settings.workers))
        workers = [
            Worker(load, _LOADER, load_timeout=_LOAD_SECONDS, timeout=settings.worker_timeout)
            for _ in range(settings.workers)
        ]
        return WorkerPool(workers, max_wait=settings.max_wait, totals=self.totals)


def _share(workers: int) -> int:
    return max(1, min(4, len(os.sched_getaffinity(0)) // workers))


def _result(heard: Heard, segment: Segment) -> Result:
    """Make a result; it lasts from its first word to its last one, which the base takes length 0 for."""
    words = tuple(Word(word.text, word.start, word.end - word.start, word.confidence) for word in heard.words)
    same = segment.language.split("-", 1)[0].lower() == heard.language
    return Result(
        heard.text,
        is_final=segment.is_final,
        confidence=heard.confidence,
        language="" if same else heard.language,
        words=words,
    )
