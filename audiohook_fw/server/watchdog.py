"""The watchdog: a heartbeat in the event loop, and a thread that says who blocks the loop when it stops.

While the loop runs this costs a timer four times a second, and a thread that wakes about as often.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from audiohook_fw.plugin import NOBODY, Running
from audiohook_fw.telemetry import Metrics

from .slow_hooks import SlowHooks
from .watched import Watched

__all__ = ["Block", "Watchdog"]

logger = logging.getLogger(__name__)

BEAT: Final = 0.25
"""Seconds between two beats of the loop."""

WINDOW: Final = 60.0
"""Seconds over which it is judged whether the loop stands still more than it runs."""

_LOOKS: Final = 3  # at who runs, before it is reported that the loop is blocked, by whomever

_KEPT: Final = 20  # blocks that are remembered for the admin port


@dataclass(frozen=True, slots=True)
class Block:
    """A time in which the event loop stood still: who blocked it, when it ended (Unix time), seconds."""

    by: Running
    ended_at: float
    seconds: float


class Watchdog:
    """Watches the event loop of one server. Several may watch one loop. Start and stop it in that loop.

    Args:
        watched: the plugins and calls of the server.
        metrics: where to count.
        block_timeout: seconds that the loop may stand still before it is reported.
        slow_hook: seconds that a hook may run in a lane before it is reported.
        clock: monotonic seconds.

    Attributes:
        blocks: the last ones that ended.
        slow: the hooks that run in lanes.
    """

    def __init__(
        self,
        watched: Watched,
        metrics: Metrics,
        *,
        block_timeout: float,
        slow_hook: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.blocks: Final[deque[Block]] = deque(maxlen=_KEPT)
        self.slow: Final = SlowHooks(watched, slow_hook)
        self._watched = watched
        self._metrics = metrics
        self._lag = metrics.histogram("audiohook.loop.lag")
        self._timeout = block_timeout
        self._clock = clock
        self._stood: deque[tuple[float, float]] = deque()
        self._beat = 0.0
        self._reported: tuple[float, Running] | None = None
        self._stopped = threading.Event()
        self._handle: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop
        self._thread_id = 0

    # in the loop ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to watch the running loop. Again does nothing."""
        if self._handle is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._thread_id = threading.get_ident()
        self._beat = self._clock()
        self._handle = self._loop.call_later(BEAT, self._on_beat)
        threading.Thread(target=self._watch, name="audiohook-watchdog", daemon=True).start()

    def stop(self) -> None:
        """Let go of the loop; the thread ends soon."""
        self._stopped.set()
        if self._handle is not None:
            self._handle.cancel()

    @property
    def is_stuck(self) -> bool:
        """Whether blocks took more than half of the last minute."""
        begin = self._clock() - WINDOW
        stood = (min(seconds, end - begin) for end, seconds in self._stood if end > begin)
        return sum(stood) > WINDOW / 2

    def _on_beat(self) -> None:
        now = self._clock()
        late = max(0.0, now - self._beat - BEAT)
        reported, self._reported = self._reported, None
        last, self._beat = self._beat, now
        self._handle = self._loop.call_later(BEAT, self._on_beat)
        self._lag.record(late)
        if late >= self._timeout:
            self._on_block(now, late, reported[1] if reported and reported[0] == last else None)
        self.slow.check(self._loop.time())

    def _on_block(self, now: float, seconds: float, by: Running | None) -> None:
        self._stood.append((now, seconds))
        while self._stood[0][0] <= now - WINDOW:
            self._stood.popleft()
        self.blocks.append(Block(by or NOBODY, time.time(), seconds))
        if by is None:
            self._count(NOBODY)
            logger.warning(
                "the event loop, or the whole process, stood still for %.1f s; why could not be seen",
                seconds,
            )
        else:
            logger.warning("the event loop runs again, after %.1f s", seconds)
            self._watched.blocked(by)

    # in the thread --------------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._stopped.is_set() and not self._loop.is_closed():
            try:
                self._watch_beat(self._beat)
            except Exception:
                logger.exception("the watchdog failed; it goes on")
                self._stopped.wait(BEAT)

    def _watch_beat(self, beat: float) -> None:
        """Return once the loop has beaten again, or it is over; report when that takes too long.

        To be blamed, a plugin must be seen in the same hook of the same call twice in a row: of many short
        hooks, one after the other, the one that is seen by chance is not to blame.
        """
        due, looks = beat + BEAT + self._timeout / 2, 0
        last, named = NOBODY, None
        while not self._moves_until(beat, due):
            seen, stack = self._look()
            if self._beat != beat or not self._loop.is_running():
                self._stopped.wait(BEAT)
                return
            looks += 1
            same = looks > 1 and seen == last
            if not named and ((same and (seen or named is None)) or (looks == _LOOKS and named is None)):
                named = seen if same else NOBODY
                self._reported = (beat, named)
                self._count(named)
                self._report(named, self._clock() - beat - BEAT, stack)
            last, due = seen, due + self._timeout / 2

    def _look(self) -> tuple[Running, str]:
        """Return who runs in the loop's thread, and its stack."""
        frame = sys._current_frames().get(self._thread_id)
        return self._watched.who_runs(frame), "".join(traceback.format_stack(frame)).rstrip()

    def _moves_until(self, beat: float, due: float) -> bool:
        """Wait until `due`; tell whether the loop has beaten meanwhile, or it is over."""
        self._stopped.wait(max(0.0, due - self._clock()))
        if self._clock() - due > BEAT:
            # This thread could not run in time, so the loop could not either: let it show what it can do.
            self._stopped.wait(2 * BEAT)
        return self._beat != beat or self._stopped.is_set()

    def _count(self, by: Running) -> None:
        plugin, hook = by.plugin or "none", by.hook or "none"
        self._metrics.counter("audiohook.loop.blocked", plugin=plugin, hook=hook).value += 1

    def _report(self, by: Running, seconds: float, stack: str) -> None:
        text = "plugin %s blocks the event loop in %s, for %.1f s now: no call goes on; see the stack"
        arguments: tuple[object, ...] = (by.plugin, by.hook, seconds)
        if not by:
            text = "the event loop is blocked, for %.1f s now, by no plugin that can be named; see the stack"
            arguments = (seconds,)
        extra = {"session_id": by.session_id} if by.session_id else {}
        if logger.isEnabledFor(logging.ERROR):
            # As `logger.error` does it, but with the stack of another thread.
            record = logger.makeRecord(
                logger.name, logging.ERROR, __file__, 0, text, arguments, None, "_report", extra, stack
            )
            logger.handle(record)
