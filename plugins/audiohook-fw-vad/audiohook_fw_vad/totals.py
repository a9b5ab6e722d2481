"""What all calls of this process add up to: plain integers, read when somebody asks for metrics."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

__all__ = ["LaggingCall", "Totals"]


class LaggingCall(Protocol):
    """A call, as far as its lag matters."""

    @property
    def lag(self) -> float:
        """Seconds that detection is behind."""


class Totals:
    """Counters; written by the event loop, read by any thread.

    Attributes:
        talk: samples of speech by channel. segments: of speech, by channel.
        skipped: samples that were not judged, by why: `behind`, `dropped`, `failed`.
        failures: of the engine, by kind: `error`, `hung`.
    """

    def __init__(self) -> None:
        self.talk: Counter[str] = Counter()
        self.segments: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.overlap = 0
        self.calls: dict[LaggingCall, None] = {}

    @property
    def lag(self) -> float:
        """How far the call that is furthest behind is behind, in seconds."""
        return max((call.lag for call in list(self.calls)), default=0.0)
