"""What the disk refuses, since when, and what that has cost: for the log, metrics and health."""

from __future__ import annotations

import errno
import logging
import os
import time
from collections import Counter
from typing import Final

__all__ = ["Disk"]

logger = logging.getLogger(__name__)

COMPLAIN: Final = 60.0
"""Seconds between two log records of one kind of trouble."""
PATIENCE: Final = 10.0
"""Seconds for which the disk may refuse before the server counts as not ready."""


class Disk:
    """How the disk does. The event loop adds to `lost`, the writer's thread does all else.

    Attributes:
        failures: writes that it refused, by reason (`ENOSPC` …).
        lost: bytes of audio that came while too much waited for it. given_up: those given up later.
    """

    def __init__(self) -> None:
        self.failures: Final[Counter[str]] = Counter()
        self.lost = 0
        self.given_up = 0
        self._since: float | None = None
        self._reason = ""
        self._lost_before = 0
        self._complained: dict[str, float] = {}

    @property
    def problem(self) -> str | None:
        """What is wrong when it has refused for 10 s."""
        since = self._since
        if since is None or time.monotonic() - since < PATIENCE:
            return None
        return f"recordings cannot be written: {self._reason}"

    def refused(self, error: OSError | None, session_id: str) -> None:
        """Note that it refused to write for a call."""
        number = 0 if error is None else error.errno or 0
        name = os.strerror(number) if number else type(error).__name__
        self.failures[errno.errorcode.get(number, type(error).__name__)] += 1
        self._reason = name
        if self._since is None:
            self._since, self._lost_before = time.monotonic(), self.lost
        text = "recordings cannot be written (%s); what waits is tried again each second"
        self.complain(name, text, name, session_id=session_id)

    def loses(self, size: int) -> None:
        """Note audio that finds no room in memory."""
        self.lost += size
        self.complain(
            "lost", "too much audio waits for the disk: what comes now is lost, and listed as overflow"
        )

    def works(self) -> None:
        """Note that all it refused before is written."""
        if self._since is None:
            return
        seconds = time.monotonic() - self._since
        self._since = None
        lost = self.lost - self._lost_before
        logger.warning(
            "recordings are written again, after %.0f s; %d bytes of audio are lost", seconds, lost
        )
        self._complained.clear()

    def rests(self) -> None:
        """Note that nothing waits for it any more: the next call will tell how it does."""
        self._since = None

    def complain(self, kind: str, text: str, *args: object, session_id: str = "") -> None:
        """Log an error, once a minute for each kind of it."""
        now = time.monotonic()
        if now - self._complained.get(kind, float("-inf")) >= COMPLAIN:
            self._complained[kind] = now
            logger.error(text, *args, extra={"session_id": session_id} if session_id else {})
