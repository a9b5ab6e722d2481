"""What the client does with a server's audio (Audio Connector): plays it, and says when."""

from __future__ import annotations

from typing import Final

from audiohook_fw.protocol import ClientMessage, PlaybackCompleted, PlaybackStarted

__all__ = ["Playback"]

_BYTES_A_SECOND: Final = 8000
"""PCMU, one channel: the only format a server may send."""


class Playback:
    """A queue of audio that plays in real time times the speed.

    Attributes:
        received: bytes of audio that came. flushed: how often a `barge_in` emptied the queue.
    """

    __slots__ = ("_speed", "_until", "flushed", "received")

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._until: float | None = None
        self.received = 0
        self.flushed = 0

    def add(self, payload: bytes, now: float) -> ClientMessage | None:
        """Queue audio; return what to send."""
        self.received += len(payload)
        began = self._until is None
        self._until = max(self._until or now, now) + len(payload) / _BYTES_A_SECOND / self._speed
        return PlaybackStarted() if began else None

    def flush(self) -> ClientMessage | None:
        """Empty the queue (`barge_in`); return what to send."""
        if self._until is None:
            return None
        self.flushed += 1
        self._until = None
        return PlaybackCompleted()

    def wake_at(self) -> float | None:
        """Return the time at which the queue runs dry."""
        return self._until

    def finish(self, now: float) -> ClientMessage | None:
        """Return what to send when the queue has run dry."""
        if self._until is None or now < self._until:
            return None
        self._until = None
        return PlaybackCompleted()
