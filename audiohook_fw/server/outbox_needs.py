"""What an outbox is given: the wire that it writes to, and the limits that it obeys."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

__all__ = ["OutboxLimits", "Wire"]


class Wire(Protocol):
    """Writes to the socket. `send_str` and `send_bytes` raise when it is gone, and wait when it is slow."""

    def send_str(self, data: str, /) -> Awaitable[None]: ...
    def send_bytes(self, data: bytes, /) -> Awaitable[None]: ...

    def is_clear(self) -> bool:
        """Tell whether it stands, and nothing waits in it: then `send_now` writes at once."""

    def send_now(self, data: str, /) -> None:
        """Write a text, never wait and never raise."""


class OutboxLimits(Protocol):
    """The settings an outbox needs (`limits`)."""

    @property
    def message_rate(self) -> float: ...
    @property
    def message_burst(self) -> int: ...
    @property
    def pause_rate(self) -> float: ...
    @property
    def pause_burst(self) -> int: ...
    @property
    def outbox_events(self) -> int: ...
    @property
    def write_timeout(self) -> float: ...
