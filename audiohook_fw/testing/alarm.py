"""`Alarm`: breaks off what computes without end in an event loop, so that a test tells of it and goes on."""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from typing import Final

from audiohook_fw.stage import VirtualLoop

from .blocking import Blocked, BlockedError, blocked_by

__all__ = ["Alarm"]

_LONGEST: Final = 3.0
"""Seconds of processor time after which a step of the loop is broken off."""
_AGAIN: Final = 0.1
"""The same for steps after the first that was: what computes without end mostly does so in every frame."""
_LOOK: Final = 0.1
_COMPUTING: Final = f"computed for {_LONGEST:g} s without a pause"
_MEND: Final = "await session.run_blocking(function), or await asyncio.sleep(0) now and then"


class Alarm(threading.Thread):
    """Watches the code of one package in a loop of the present thread, from `start` to `stop`.

    Attributes:
        seen: what was broken off, in order.
    """

    def __init__(self, package: str, loop: VirtualLoop) -> None:
        super().__init__(name="audiohook-contract-alarm", daemon=True)
        self.seen: list[Blocked] = []
        self._package = package
        self._loop = loop
        self._watched: Final = threading.get_ident()
        self._over = threading.Event()

    def stop(self) -> None:
        """Watch no more. Again does nothing."""
        self._over.set()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        """Look from time to time."""
        if not hasattr(time, "pthread_getcpuclockid"):
            return  # a system that does not tell; such a plugin then hangs its test
        clock = time.pthread_getcpuclockid(self._watched)
        while not self._over.wait(_LOOK):
            if time.clock_gettime(clock) - self._loop.step_began > (_AGAIN if self.seen else _LONGEST):
                frame = sys._current_frames().get(self._watched)
                blocked = blocked_by(frame, self._package, _COMPUTING, _MEND)
                if blocked is not None:
                    self.seen.append(blocked)
                    # The only way to get a word into a thread that computes.
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(self._watched), ctypes.py_object(BlockedError)
                    )
