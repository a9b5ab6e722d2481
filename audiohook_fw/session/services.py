"""`CallServices`: what every call of one server shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from audiohook_fw.plugin import PluginManager
from audiohook_fw.telemetry import Counter, Metrics, Tracing

from .pools import BlockingPools

__all__ = ["CallLimits", "CallServices", "wall_time"]


def wall_time() -> datetime:
    """Return the time of day (UTC)."""
    return datetime.now(UTC)


class CallLimits(Protocol):
    """The deadlines a call obeys (`limits`), in seconds."""

    @property
    def decision_timeout(self) -> float: ...
    @property
    def hook_deadline(self) -> float: ...
    @property
    def end_deadline(self) -> float: ...


@dataclass(slots=True, eq=False)
class CallServices:
    """Plugins, deadlines and telemetry, and the counters that calls add to.

    Attributes:
        node: the server's name. wall: tells the time of day.
    """

    plugins: PluginManager
    limits: CallLimits
    pools: BlockingPools
    metrics: Metrics
    tracing: Tracing
    node: str = ""
    wall: Callable[[], datetime] = wall_time
    frames: Counter = field(init=False)
    bytes: Counter = field(init=False)
    duration: Counter = field(init=False)
    stray: Counter = field(init=False)
    withheld: dict[str, Counter] = field(init=False)
    clamped: Counter = field(init=False)

    def __post_init__(self) -> None:
        self.frames = self.metrics.counter("audiohook.audio.frames")
        self.bytes = self.metrics.counter("audiohook.audio.bytes")
        self.duration = self.metrics.counter("audiohook.audio.duration")
        self.stray = self.metrics.counter("audiohook.audio.stray")
        self.withheld = {
            what: self.metrics.counter("audiohook.pause.withheld", what=what) for what in ("audio", "dtmf")
        }
        self.clamped = self.metrics.counter("audiohook.gaps.clamped")
