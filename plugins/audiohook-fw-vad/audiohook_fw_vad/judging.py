"""The part of a call that waits: windows go to the workers, and what they heard comes back, or a failure."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from .engine import Engine, Listener
from .gate import GateRules
from .totals import Totals
from .windows import Window
from .workers import HungError, Workers

__all__ = ["Judge"]

logger = logging.getLogger(__name__)

FIRST_PAUSE: Final = 1.0  # seconds of call time after a failure before it is tried again; doubles each time
LONGEST_PAUSE: Final = 30.0

Batches = Sequence[list[Window]]
Heard = list[list[float]]


class Judge:
    """The listeners of one call, one for each channel; made anew after a failure.

    A failure is this call's alone: others have listeners of their own.
    """

    def __init__(
        self, engine: Engine, gate: GateRules | None, workers: Workers, totals: Totals, *, channels: int
    ) -> None:
        self._engine = engine
        self._gate = gate
        self._workers = workers
        self._totals = totals
        self._channels = channels
        self._listeners: list[Listener] | None = None
        self._is_new = True  # what comes does not follow what was heard
        self._pause = FIRST_PAUSE
        self._again_at = 0
        self._has_told = False

    async def judge(self, batches: Batches, position: int) -> Heard | None:
        """Return the probabilities of all windows, by channel; `None` when the engine failed or is let alone.

        Args:
            position: call time, which says when to try again after a failure.
        """
        if position < self._again_at:
            return None
        listeners, self._listeners = self._listeners, None  # nobody else's while a thread has them
        try:
            self._listeners, heard = await self._workers.run(self._hear, listeners, batches, self._is_new)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._failed(error, position)
            return None
        self._is_new = False
        self._pause = FIRST_PAUSE
        return heard

    def forget(self) -> None:
        """What comes next does not follow what was heard: after a pause, or a hole."""
        self._is_new = True

    def close(self) -> None:
        """Give the detectors back."""
        listeners, self._listeners = self._listeners, None
        for listener in listeners or ():
            self._engine.give_back(listener.detector)

    def _hear(
        self, listeners: list[Listener] | None, batches: Batches, is_new: bool
    ) -> tuple[list[Listener], Heard]:
        """Listen; in a thread."""
        if listeners is None:
            listeners = [Listener.open(self._engine, self._gate) for _ in range(self._channels)]
        elif is_new:
            for listener in listeners:
                listener.reset()
        return listeners, [
            listener.hear(windows) for listener, windows in zip(listeners, batches, strict=True)
        ]

    def _failed(self, error: Exception, position: int) -> None:
        self._totals.failures["hung" if isinstance(error, HungError) else "error"] += 1
        self._again_at = position + round(self._pause * self._engine.rate)
        if not self._has_told:
            self._has_told = True
            logger.warning(
                "speech detection failed in this call (%s: %s); it is tried again in %g s, and so on",
                type(error).__name__,
                error,
                self._pause,
            )
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
