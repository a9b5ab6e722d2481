"""Transcribes calls with Whisper (faster-whisper), in worker processes that all calls share."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .plugin import Whisper

__all__ = ["Whisper"]

if not TYPE_CHECKING:
    # A worker process imports a module of this package, and is to have little else in its memory.

    def __getattr__(name: str) -> Any:
        if name == "Whisper":
            from .plugin import Whisper

            return Whisper
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
