"""`Disk`: what the operator hears of a disk that refuses conversations."""

from __future__ import annotations

import logging
from pathlib import Path

__all__ = ["Disk", "why"]

logger = logging.getLogger(__name__)


class Disk:
    """Notes how writing goes; it says so in the log when that changes, and for each call that is lost.

    Attributes:
        problem: what is wrong now; `None` when all is well.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.problem: str | None = None

    def took(self) -> None:
        """Note that a conversation was written."""
        if self.problem is not None:
            logger.warning("conversations are written to %s again", self._directory)
        self.problem = None

    def refused(self, error: OSError) -> None:
        """Note that one was not."""
        problem = f"conversations cannot be written to {self._directory}: {why(error)}"
        if self.problem is None:
            logger.error("%s", problem)
        self.problem = problem

    def lost(self) -> None:
        """Note that one is given up."""
        logger.error("the conversation of a call is lost: %s", self.problem)


def why(error: OSError) -> str:
    """Return what the system says of an error; its text might hold more than that."""
    return error.strerror or type(error).__name__
