"""The stream clock: call time in whole samples (protocol: position).

Nothing else in the code base computes a position. It never runs backwards. The call time that a
client may claim without sending audio is bounded by wall time since `open` plus `max_gap`: a
nonsense discard must not make a recorder write silence for years.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ClockGap", "StreamClock"]


@dataclass(frozen=True, slots=True)
class ClockGap:
    """Call time without audio, in samples; `clamped` when the client claimed more than the bound."""

    start: int
    length: int
    clamped: bool = False


class StreamClock:
    """Counts samples; pauses and discards move it.

    Args:
        rate: samples per second and channel.
        opened_at: the time of `open`, in seconds of the same clock as `now` below.
        max_gap: seconds the gaps may add up to beyond the time since `opened_at`; `None`: no bound.
        origin: `open.position` in samples: what the wire calls the start of the stream.

    Attributes:
        position: call time of the next sample, from 0.
        audio: samples received. paused, discarded: samples of call time spent so.
        clamped: how often a gap was cut.
    """

    __slots__ = (
        "_gap",
        "_max_gap",
        "_opened_at",
        "_origin",
        "audio",
        "clamped",
        "discarded",
        "paused",
        "position",
        "rate",
    )

    def __init__(self, rate: int, *, opened_at: float, max_gap: float | None = 30.0, origin: int = 0) -> None:
        self.rate = rate
        self.position = 0
        self.audio = 0
        self.paused = 0
        self.discarded = 0
        self.clamped = 0
        self._gap = 0
        self._opened_at = opened_at
        self._max_gap = max_gap
        self._origin = origin

    def advance(self, samples: int) -> tuple[int, int]:
        """Count received audio; return the position of its first sample and the gap right before it."""
        position, gap = self.position, self._gap
        self.position = position + samples
        self.audio += samples
        self._gap = 0
        return position, gap

    def discard(self, start: int, length: int, now: float) -> ClockGap:
        """Move on for a `discarded` message (`start` as on the wire); return the call time skipped."""
        gap = self._move(self._target(start, length), now)
        self.discarded += gap.length
        return gap

    def resume(self, start: int, length: int, now: float) -> ClockGap:
        """Move on for a `resumed` message (`start` as on the wire); return the call time skipped."""
        gap = self._move(start - self._origin + length, now)
        self.paused += gap.length
        return gap

    def drift(self, position: int) -> int:
        """Return how far the client's own `position` is ahead of ours, in samples."""
        return position - self._origin - self.position

    def _target(self, start: int, length: int) -> int:
        start -= self._origin
        return (start if start >= self.position else self.position) + length

    def _move(self, target: int, now: float) -> ClockGap:
        start = self.position
        wanted = max(0, target - start)
        length = wanted
        if self._max_gap is not None:
            allowance = int((max(0.0, now - self._opened_at) + self._max_gap) * self.rate)
            length = min(wanted, max(0, allowance - self.paused - self.discarded))
        if length < wanted:
            self.clamped += 1
        self.position += length
        self._gap += length
        return ClockGap(start, length, clamped=length < wanted)
