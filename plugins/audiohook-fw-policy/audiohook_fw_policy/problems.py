"""What is wrong in a rule file: where, what, and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from audiohook_fw import AudiohookError

__all__ = ["Problem", "RuleFileError", "choice", "shown"]

_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake.

    Attributes:
        line: counted from 1.
        text: where in the rules it is, what is wrong, and what is allowed.
    """

    line: int
    text: str


class RuleFileError(AudiohookError):
    """Raised when a rule file cannot be used: its text has a line for each problem, `FILE:LINE: …`."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.line))
        super().__init__(file, self.problems)

    def __str__(self) -> str:
        return "\n".join(f"{self.file}:{problem.line}: {problem.text}" for problem in self.problems)


def shown(value: object) -> str:
    """Return a value as a message names it: the beginning of a long text; what it is of a table or list."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= _LONGEST else f'"{value[:_LONGEST]}…" ({len(value)} characters)'
    if isinstance(value, int | float):
        return str(value)
    if value is None:
        return "nothing"
    return "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a date or time"


def choice(given: str, allowed: Iterable[str]) -> str:
    """Return what is allowed instead, with a guess of what was meant."""
    names = sorted(allowed)
    near = difflib.get_close_matches(given, names, n=1)
    return f"allowed: {', '.join(names)}" + (f' (did you mean "{near[0]}"?)' if near else "")
