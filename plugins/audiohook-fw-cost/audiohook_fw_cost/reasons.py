"""`Reason`: why the stream is paused."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Reason"]


class Reason(StrEnum):
    """Why this plugin pauses a stream; several may hold at once."""

    INTEREST = "no interest"
    HOLD = "on hold"
    MINUTES = "minutes used up"
    BUDGET = "budget used up"
    SILENCE = "silence"
