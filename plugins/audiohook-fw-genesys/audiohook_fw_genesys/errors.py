"""How a question to the Platform API ends: outcomes, and the error that carries one."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

__all__ = ["Outcome", "PlatformError"]


class Outcome(StrEnum):
    """How a request ended; the values are those of the metric."""

    OK = "ok"
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    UNAUTHORIZED = "unauthorized"
    BUSY = "busy"
    REFUSED = "refused"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    GARBAGE = "garbage"
    DOWN = "down"
    """It was not sent: requests before it failed."""

    @property
    def is_failure(self) -> bool:
        """Whether the API is not well, as opposed to an answer that we do not like."""
        return self in _FAILURES


_FAILURES: Final = frozenset(
    {Outcome.UNAUTHORIZED, Outcome.SERVER_ERROR, Outcome.TIMEOUT, Outcome.UNREACHABLE, Outcome.GARBAGE}
)


class PlatformError(Exception):
    """The Platform API gave no answer that can be used; never holds a secret, or what was answered.

    Attributes:
        outcome: how it ended. problem: one sentence for people.
        retry_after: seconds for which it said that nobody is to ask; 0 when it did not.
    """

    def __init__(self, outcome: Outcome, problem: str, *, retry_after: float = 0.0) -> None:
        super().__init__(problem)
        self.outcome = outcome
        self.problem = problem
        self.retry_after = retry_after
