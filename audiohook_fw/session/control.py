"""What a call asks of whoever holds its socket: the seam between session and server.

The server's outbox implements it. Tests of the session give their own, without a socket.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from audiohook_fw.protocol import DisconnectReason, WireEntity

__all__ = ["CallControl"]


class CallControl(Protocol):
    """Requests to the client; none of them waits, all are bounded and rate-limited below."""

    def want_pause(self, paused: bool, /) -> None:
        """Make the server's pause flag so; only the last wish counts."""

    def disconnect(
        self, reason: DisconnectReason, info: str | None, output_variables: Mapping[str, str] | None
    ) -> None:
        """Ask the client to end the call."""

    def reconnect(self, info: str | None, /) -> None:
        """Ask the client to move the call to a new connection."""

    def send_entity(self, entity: WireEntity, *, replaces: str = "", interim: bool = False) -> None:
        """Send a result; one waiting under the same `replaces` key is replaced if it is interim."""

    def play(self, audio: bytes, /) -> None:
        """Queue audio for the caller; raises `LocalProtocolError` when the queue is full."""

    def flush_playback(self) -> None:
        """Drop queued audio and tell the client to stop playing (`barge_in`)."""
