"""What rules lead to: `Outcome`, and what became of one question to the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

__all__ = ["FAILURE", "NEXT", "Action", "Cause", "Decided", "Next", "Outcome", "Waiting"]


FAILURE: Final = "(failure)"
"""The rule of decisions that no rule made, since there are none or they failed."""


class Action(StrEnum):
    """What is done with a call."""

    ACCEPT = "accept"
    ACCEPT_PAUSED = "accept-paused"
    """Taken, but nothing is heard until a later look at the rules says otherwise."""
    REJECT = "reject"


class Cause(StrEnum):
    """Why a decision is what it is."""

    MATCH = "match"
    FALLBACK = "fallback"
    """The rule asks for the queue, which did not become known in time."""
    DEFAULT = "default"
    FAILURE = "failure"
    """There are no rules that could decide, or they failed, or a rule without a fallback missed its queue."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An action with what belongs to it.

    Attributes:
        reason: of a rejection: `completed`, or `error`, which Genesys retries.
        info: of a rejection: a short text that Genesys logs.
        tags: of an accepted call.
    """

    action: Action
    reason: str = "completed"
    info: str = ""
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __str__(self) -> str:
        if self.action is Action.REJECT:
            return f"reject ({self.reason})"
        tags = ", ".join(f"{name}={text}" for name, text in self.tags.items())
        return f"{self.action}, tags {tags}" if tags else str(self.action)


class Next:
    """The fallback that leaves the call to the rules that follow."""

    def __str__(self) -> str:
        return "next"


NEXT: Final = Next()


@dataclass(frozen=True, slots=True)
class Decided:
    """What the rules say.

    Attributes:
        rule: the rule's name, or `(default)` or `(failure)`.
    """

    outcome: Outcome
    rule: str
    cause: Cause

    @property
    def misses_queue(self) -> bool:
        """Whether a rule failed since its queue is not known, and it has no fallback."""
        return self.cause is Cause.FAILURE and self.rule != FAILURE


@dataclass(frozen=True, slots=True)
class Waiting:
    """The answer hangs on the queue.

    Attributes:
        rule: the name of the rule that asks for it.
        timeout: seconds after `opened` at which its fallback counts.
    """

    rule: str
    timeout: float
