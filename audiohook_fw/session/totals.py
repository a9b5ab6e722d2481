"""`Totals`: what is counted of one call, for its summary and for the counters of the process."""

from __future__ import annotations

from array import array
from datetime import datetime
from typing import Final

from audiohook_fw.plugin import CloseReason, SessionSummary
from audiohook_fw.protocol import ServerProtocol

from .services import CallServices

__all__ = ["Totals"]

_RTTS: Final = 1000
"""Round-trip times kept for the summary: 80 minutes of pings."""


class Totals:
    """Plain numbers; the call adds to them.

    Attributes:
        frames: audio frames delivered. unknown: messages of unknown type.
        errors: `error` messages.
    """

    __slots__ = (
        "_flushed",
        "_protocol",
        "_rtt",
        "_services",
        "_started_at",
        "errors",
        "frames",
        "unknown",
    )

    def __init__(self, services: CallServices, protocol: ServerProtocol, started_at: datetime) -> None:
        self._services = services
        self._protocol = protocol
        self._started_at = started_at
        self._flushed = (0, 0)
        self.frames = 0
        self.unknown = 0
        self.errors = 0
        self._rtt = array("d")

    @property
    def _frame_width(self) -> int:
        media = self._protocol.media
        return media.frame_width if media is not None else 0

    def round_trip(self, seconds: float) -> None:
        """Note a round-trip time."""
        if len(self._rtt) == _RTTS:
            del self._rtt[0]
        self._rtt.append(seconds)

    def flush(self) -> None:
        """Add to the process's counters what came since the last time: not done per frame."""
        clock = self._protocol.clock
        frames, samples = self._flushed
        services = self._services
        services.frames.value += self.frames - frames
        services.bytes.value += (clock.audio - samples) * self._frame_width
        services.duration.value += (clock.audio - samples) / clock.rate
        self._flushed = (self.frames, clock.audio)

    def finish(self, reason: CloseReason) -> SessionSummary:
        """Count the end of the call, and return the summary."""
        self.flush()
        summary = self.summary(reason)
        self._services.metrics.counter("audiohook.sessions.ended", reason=reason).value += 1
        self._services.stray.value += summary.dropped
        for what, handle in self._services.withheld.items():
            handle.value += summary.counts[f"withheld_{what}"]
        self._services.clamped.value += summary.counts["clamped"]
        return summary

    def summary(self, reason: CloseReason) -> SessionSummary:
        """Return the totals up to now."""
        clock, protocol = self._protocol.clock, self._protocol
        return SessionSummary(
            reason=reason,
            started_at=self._started_at,
            ended_at=self._services.wall(),
            rate=clock.rate,
            position=clock.position,
            audio=clock.audio,
            paused=clock.paused,
            discarded=clock.discarded,
            dropped=protocol.dropped_audio,
            rtt=tuple(self._rtt),
            counts={
                "frames": self.frames,
                "bytes": clock.audio * self._frame_width,
                "stray": protocol.stray,
                "withheld_audio": protocol.withheld_audio,
                "withheld_dtmf": protocol.withheld_dtmf,
                "clamped": clock.clamped,
                "client_errors": self.errors,
                "unknown_messages": self.unknown,
            },
        )
