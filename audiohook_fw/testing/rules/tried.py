"""`TriedCall`: a call of the contract: what computes in it without end is broken off."""

from __future__ import annotations

from typing import Any

from audiohook_fw.plugin import Accept, Reject

from ..alarm import Alarm
from ..blocking import Blocked
from ..driver import CallDriver

__all__ = ["TriedCall"]


class TriedCall(CallDriver):
    """A call of the contract; from `open` until it is over nothing may compute without end."""

    def __init__(self, plugin: object, **options: Any) -> None:
        super().__init__(plugin, **options)
        self._alarm = Alarm(self.package, self.loop)

    @property
    def endless(self) -> Blocked | None:
        """What was broken off first, since it computed without end."""
        return self._alarm.seen[0] if self._alarm.seen else None

    def open(self, *, position: float = 0.0) -> Accept | Reject:
        """Start the plugin, which may compute for long, and open the call."""
        self.start()
        self._alarm.start()
        return super().open(position=position)

    def shutdown(self) -> None:
        """End the call; then the plugin, which may compute for long again."""
        try:
            if self._is_live:
                self.lose()
        finally:
            self._alarm.stop()
            super().shutdown()
