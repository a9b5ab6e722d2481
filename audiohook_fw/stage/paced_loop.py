"""`PacedLoop`: an event loop whose time runs so many times as fast as the clock's."""

from __future__ import annotations

import asyncio
import selectors
import time

__all__ = ["PacedLoop"]


class _PacedSelector(selectors.DefaultSelector):
    """Waits as much shorter as the loop's time runs faster."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready, after `timeout` seconds of the loop's time at most."""
        return super().select(timeout if timeout is None or timeout <= 0 else timeout / self._speed)


class PacedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time runs so many times as fast as the clock's; it begins at 0.

    Args:
        speed: seconds of the loop in a second of the clock; 1 is real time.

    Raises:
        ValueError: the speed is not above 0.
    """

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._began = time.monotonic()
        super().__init__(_PacedSelector(speed))
        if not speed > 0:
            self.close()  # a loop cannot be refused before it is one: it would complain when it is deleted
            raise ValueError(f"a speed is above 0, not {speed:g}")

    def time(self) -> float:
        """Return the seconds of the loop since it was made."""
        return (time.monotonic() - self._began) * self._speed

    def run_for(self, seconds: float = 0.0) -> None:
        """Run for so many seconds of the loop. Never for use inside of it."""
        self.run_until_complete(asyncio.sleep(seconds))
