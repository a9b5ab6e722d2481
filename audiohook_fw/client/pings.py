"""When the client pings, and how long it waits for the pong (protocol: ping)."""

from __future__ import annotations

from .options import Timing

__all__ = ["PingClock"]


class PingClock:
    """The first ping after one interval, the second at its pong, then every `timing.ping` seconds.

    Attributes:
        rtt: the last round trip in seconds, `None` before the first.
    """

    __slots__ = ("_count", "_due", "_sent", "_timing", "rtt")

    def __init__(self, timing: Timing, opened_at: float) -> None:
        self._timing = timing
        self._due = opened_at + timing.first_ping
        self._sent: dict[int, float] = {}
        self._count = 0
        self.rtt: float | None = None

    def wake_at(self) -> float:
        """Return the time of the next ping or of the deadline of a pong."""
        return min(self._due, self._deadline())

    def due(self, now: float) -> bool:
        """Tell whether a ping is due."""
        return now >= self._due

    def overdue(self, now: float) -> bool:
        """Tell whether a pong did not come in time."""
        return now >= self._deadline()

    def sent(self, seq: int, now: float) -> None:
        """Note a ping."""
        self._sent[seq] = now
        self._count += 1
        self._due = now + self._timing.ping

    def answered(self, seq: int, now: float) -> float:
        """Note a pong; return the round trip in seconds."""
        self.rtt = max(0.0, now - self._sent.pop(seq))
        if self._count == 1:
            self._due = now
        return self.rtt

    def _deadline(self) -> float:
        return min(self._sent.values(), default=float("inf")) + self._timing.pong
