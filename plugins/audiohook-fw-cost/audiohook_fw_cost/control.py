"""`PauseControl`: makes one hold of the reasons to pause a stream, and ends it with the last of them."""

from __future__ import annotations

import asyncio
import logging

from audiohook_fw import ClientPause, Hold, Session

from .reasons import Reason

__all__ = ["PauseControl"]

logger = logging.getLogger(__name__)


class PauseControl:
    """The hold of one call. It pauses seldom and resumes at once.

    * It is one hold among others: releasing it does not end what other plugins, or the client, want paused.
    * While the client is known to pause by itself, nothing is asked of it: that pause is free already, and a
      second flag on top of it could not be told apart on the wire.
    * A pause begins `min_run` seconds after the last one ended, at the earliest. So there is at most one
      `pause` and one `resume` in that time, whatever the reasons do.

    Args:
        min_run: seconds.

    Attributes:
        reasons: those that hold now.
    """

    def __init__(self, session: Session, min_run: float) -> None:
        self.reasons: set[Reason] = set()
        self._session = session
        self._min_run = min_run
        self._loop = asyncio.get_running_loop()
        self._hold: Hold | None = None
        self._released = float("-inf")
        self._wait: asyncio.TimerHandle | None = None
        self._over = False

    @property
    def is_holding(self) -> bool:
        """Whether the hold is open."""
        return self._hold is not None

    def want(self, reason: Reason, wanted: bool) -> None:
        """Set or clear a reason."""
        if wanted is not (reason in self.reasons):
            self.reasons.symmetric_difference_update((reason,))
            self.settle()

    def settle(self) -> None:
        """Pause or resume, as the reasons say and as soon as it may be."""
        if self._over:
            return
        if not self.reasons:
            self._cancel()
            self._release()
        elif self._hold is None and self._wait is None:
            delay = self._released + self._min_run - self._loop.time()
            if delay > 0:
                self._wait = self._loop.call_later(delay, self._waited)
            elif self._session.client_paused is not ClientPause.YES:
                self._take()

    def stop(self) -> None:
        """Do nothing any more: the call is over, and its holds with it."""
        self._over = True
        self._cancel()

    def _waited(self) -> None:
        self._wait = None
        self.settle()

    def _take(self) -> None:
        if self._session.state != "open" or self._session.delivery.quarantined:
            return
        why = ", ".join(sorted(self.reasons))
        self._hold = self._session.pause(f"cost: {why}")
        logger.debug("paused: %s", why)

    def _release(self) -> None:
        if self._hold is not None:
            self._hold.release()
            self._hold = None
            self._released = self._loop.time()
            logger.debug("no reason to pause any more")

    def _cancel(self) -> None:
        if self._wait is not None:
            self._wait.cancel()
            self._wait = None
