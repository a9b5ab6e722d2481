"""What all channels of a plugin share, and what they know of their call."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from audiohook_fw import Session

from .engines import EnginePool
from .settings import RecognitionSettings
from .totals import Totals
from .types import Engine

__all__ = ["CallRequest", "Recognition"]

logger = logging.getLogger(__name__)

E = TypeVar("E", bound=Engine)
S = TypeVar("S", bound=RecognitionSettings)

_WARN_EVERY = 60.0


@dataclass(slots=True)
class CallRequest:
    """A call, as channels see it; `rate` is that of its media."""

    session: Session
    rate: int


@dataclass(slots=True, eq=False)
class Recognition(Generic[E, S]):
    """The engines, settings and totals of a plugin.

    Attributes:
        speech_events: whether other plugins tell speech from silence; `None` while that is not known.
    """

    settings: S
    pool: EnginePool[E]
    totals: Totals = field(default_factory=Totals)
    speech_events: bool | None = None
    _warned: float = float("-inf")

    def warn_behind(self, seconds: float) -> None:
        """Say in the log, once in a while, that audio was dropped."""
        now = time.monotonic()
        if now - self._warned >= _WARN_EVERY:
            self._warned = now
            logger.warning(
                "recognition is behind: %.1f s of audio were dropped. Where no engine failed before, they are"
                " too slow: give them more resources, or fewer calls; asr.dropped counts all of it",
                seconds,
            )
