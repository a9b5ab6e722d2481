"""Token buckets: the client's limits on what the server sends (protocol: rate limits)."""

from __future__ import annotations

from typing import Final

__all__ = ["TokenBucket"]

_ROUNDING: Final = 1e-6
"""Tokens that floating point may lose: without it `take` could fail after exactly `wait` seconds."""


class TokenBucket:
    """`rate` tokens a second up to `burst`; full at the start. Reads no clock: `now` is passed in.

    Args:
        rate: tokens a second, above 0.
        burst: the most it holds, at least 1.
    """

    __slots__ = ("_at", "_tokens", "burst", "rate")

    def __init__(self, rate: float, burst: float) -> None:
        if rate <= 0 or burst < 1:
            raise ValueError("rate must be above 0 and burst at least 1")
        self.rate = rate
        self.burst = burst
        self._tokens = float(burst)
        self._at: float | None = None

    def tokens(self, now: float) -> float:
        """Return how many tokens there are at `now`; a clock that steps back adds none."""
        if self._at is not None and now > self._at:
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        if self._at is None or now > self._at:
            self._at = now
        return self._tokens

    def take(self, now: float, *, reserve: float = 0) -> bool:
        """Take one token, unless fewer than `reserve` would stay; tell whether it was taken."""
        if self.tokens(now) < 1 + reserve - _ROUNDING:
            return False
        self._tokens -= 1
        return True

    def wait(self, now: float, *, reserve: float = 0) -> float:
        """Return the seconds until `take` would succeed: 0 when it would now."""
        missing = 1 + reserve - self.tokens(now)
        return missing / self.rate if missing > _ROUNDING else 0.0
