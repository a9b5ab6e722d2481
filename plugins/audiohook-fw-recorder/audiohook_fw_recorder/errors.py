"""What all errors about one file have in common."""

from __future__ import annotations

from audiohook_fw import AudiohookError

__all__ = ["FileError"]


class FileError(AudiohookError):
    """Something is wrong with a file; says which, and what.

    Attributes:
        name: of the file. problem: the rest of the sentence.
    """

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self.problem = problem
        super().__init__(name, problem)

    def __str__(self) -> str:
        return f"{self.name}: {self.problem}"
