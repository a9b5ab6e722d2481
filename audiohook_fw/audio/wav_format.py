"""What reading and writing WAV files have in common."""

from __future__ import annotations

from typing import Final

from audiohook_fw.errors import AudiohookError

__all__ = ["TAG_EXTENSIBLE", "TAG_PCM", "TAG_ULAW", "WavError"]

TAG_PCM: Final = 1
TAG_ULAW: Final = 7
TAG_EXTENSIBLE: Final = 0xFFFE


class WavError(AudiohookError, ValueError):
    """A WAV file cannot be read or written; says which, what is wrong and what to do."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self.problem = problem
        super().__init__(name, problem)

    def __str__(self) -> str:
        return f"{self.name}: {self.problem}"
