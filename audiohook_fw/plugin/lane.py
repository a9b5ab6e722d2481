"""A lane: the ordered queue and the one task of one plugin in one call.

Whoever puts something in never waits; the task sleeps on one future while there is nothing to do. A hook
that hangs holds up its own lane and nobody else's.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Callable, Mapping
from types import CoroutineType
from typing import TYPE_CHECKING, Final, Protocol

from audiohook_fw.errors import PluginOverflowError

from .ask import is_running
from .eager import Begun, first_step, go_on
from .lane_queue import LaneQueue
from .running import NOBODY, Running, tells

if TYPE_CHECKING:
    from audiohook_fw.audio import AudioFrame

    from .compile import Call
    from .events import Event
    from .values import CloseReason, SessionSummary

__all__ = ["Lane", "LaneOwner"]

_BURST: Final = 16
"""Hooks run in a row before the loop gets a turn: many an `async def` never really waits."""


class LaneOwner(Protocol):
    """What a lane tells of its plugin."""

    def succeeded(self) -> None:
        """A hook returned."""

    def faulted(self, hook: str, error: BaseException) -> None:
        """A hook raised."""

    def overflowed(self, error: PluginOverflowError) -> None:
        """The lane failed: from now on it takes nothing but `on_close` and `on_end`."""

    def took_to_close(self, seconds: float) -> None:
        """`on_close` ended, well or not, after so many seconds."""

    def at_hops(self, hops: int) -> None:
        """An event that came over so many hops is being handled; 0 when done."""


class Lane:
    """The lane of one plugin in one call. Not for other threads.

    Attributes:
        name: of the plugin.
        hook: the hook that runs now; empty when none does.
        since: loop time at which it began; meaningless when none runs.
        failed: it could not hold what came in and takes no more.
    """

    __slots__ = (
        "_begun", "_calls", "_cancelled", "_clock", "_close_returned", "_closed", "_context", "_ended",
        "_idle", "_label", "_loop", "_muted", "_owner", "_queue", "_sleep", "_task", "failed", "hook", "name",
        "since",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        calls: Mapping[str, tuple[Call, ...]],
        owner: LaneOwner,
        queue: LaneQueue,
        *,
        clock: Callable[[], float],
        context: contextvars.Context,
        label: str = "",
    ) -> None:
        self.name: Final = name
        self._calls = calls
        self._owner = owner
        self._queue = queue
        self._clock = clock
        self._context = context
        self._label = label
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._begun: Begun | None = None
        self._sleep: asyncio.Future[None] | None = None
        self._idle: asyncio.Future[None] | None = None
        self._closed: asyncio.Future[None] | None = None
        self._close_returned = False
        self._cancelled = False
        self._ended = False
        self._muted = False
        self.failed = False
        self.hook = ""
        self.since = 0.0

    def __repr__(self) -> str:
        state = "ended" if self._ended else "failed" if self.failed else "muted" if self._muted else "open"
        running = f" in {self.hook}" if self.hook else ""
        return f"<Lane {self.name} {state}{running}, {len(self._queue)} waiting>"

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task that runs the hooks, once there was something to run."""
        return self._task

    @property
    def queue(self) -> LaneQueue:
        """What waits."""
        return self._queue

    @property
    def is_busy(self) -> bool:
        """Whether a hook runs or something waits."""
        return bool(self.hook) or len(self._queue) > 0

    # what comes in ------------------------------------------------------------------------------

    def put_audio(self, frame: AudioFrame, *, now: bool = False) -> None:
        """Queue a frame; never waits. The lane fails when it is full and may not drop.

        Args:
            now: no task is running, so that a lane that sleeps may take the frame at once, up to the first
                thing that the hook waits for.
        """
        sleep = self._sleep
        if now and sleep is not None and not sleep.done() and not self._muted:
            self._context.run(self._take_now, frame, sleep)
        elif self._muted:
            self._queue.refuse(frame)
        elif self._queue.put_audio(frame):
            self._wake()
        else:
            self._queue.refuse(frame)
            self._fail("on_audio", "audio comes in faster than the plugin takes it")

    def put_control(self, hook: str, args: tuple[object, ...]) -> None:
        """Queue a control event behind the audio before it; the lane fails when too many wait."""
        if self._muted:
            return
        if self._queue.put_control(hook, args):
            self._wake()
        else:
            self._fail(hook, "too many control events wait")

    def put_event(self, event: Event, hops: int, *, interim: bool = False) -> None:
        """Queue another plugin's event; an `interim` one is dropped first when too many wait."""
        if not self._muted:
            self._queue.put_event(event, hops, interim=interim)
            self._wake()

    def put_close(self, reason: CloseReason) -> asyncio.Future[None]:
        """Queue `on_close`; the future is done once it returned and the queue was empty after it."""
        if self._closed is None:
            self._closed = asyncio.get_running_loop().create_future()
            self._queue.put_control("on_close", (reason,))
            self._wake()
        return self._closed

    def put_end(self, summary: SessionSummary | None) -> None:
        """Queue `on_end` (not without a summary) as the last hook; the task ends when the queue is empty."""
        if self._ended:
            return
        if summary is not None:
            self._queue.put_control("on_end", (summary,))
        self._muted = True
        if self._task is not None or len(self._queue):
            self._wake()
        self._ended = True

    def mute(self) -> None:
        """Take and deliver nothing more but `on_close` and `on_end`."""
        self._muted = True
        self._queue.clear()

    def idle(self) -> asyncio.Future[None]:
        """Return a future that is done when no hook runs and nothing waits."""
        if self._idle is None or self._idle.done():
            self._idle = asyncio.get_running_loop().create_future()
            if not self.is_busy:
                self._idle.set_result(None)
        return self._idle

    def cancel(self) -> None:
        """Cancel the hook that runs, once, and drop what waits but `on_end`."""
        self._cancelled = True
        self._queue.clear()
        if self.hook and self._task is not None:
            self._task.cancel()

    @property
    def running(self) -> Running:
        """The hook that runs now; `NOBODY` when none does."""
        return Running(self.name, self.hook, self._label) if self.hook else NOBODY

    # the task -----------------------------------------------------------------------------------

    def _fail(self, hook: str, problem: str) -> None:
        self._muted = self.failed = True
        self._owner.overflowed(PluginOverflowError(self.name, problem, hook=hook))

    def _wake(self) -> None:
        sleep = self._sleep
        if sleep is not None:
            if not sleep.done():
                sleep.set_result(None)
        elif self._task is None or (self._task.done() and not self._ended):
            # Done but not ended: somebody cancelled the task from outside, so the rest gets a new one.
            self._start()

    def _start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(
            self._run(), name=f"audiohook-lane:{self.name}:{self._label}", context=self._context
        )
        self._task.add_done_callback(self._on_done)

    def _take_now(self, frame: AudioFrame, sleep: asyncio.Future[None]) -> None:
        task = self._task
        assert task is not None, "whoever sleeps is a task"
        begun = first_step(self._deliver("on_audio", (frame,), 0), task, self._loop)
        if begun is not None:
            self._begun = begun
            if not sleep.done():
                sleep.set_result(None)

    async def _run(self) -> None:
        pop = self._queue.pop
        burst = 0
        while True:
            item = pop()
            if item is None:
                if self._idle is not None or self._closed is not None:
                    self._settle()
                if self._ended:
                    return
                await self._wait()
                burst = 0
                continue
            await self._deliver(*item)
            burst += 1
            if burst == _BURST:
                burst = 0
                await asyncio.sleep(0)

    async def _wait(self) -> None:
        """Sleep until something is queued, or a hook has begun that this task has to finish."""
        self._sleep = self._loop.create_future()
        cancelled: asyncio.CancelledError | None = None
        try:
            await self._sleep
        except asyncio.CancelledError as error:
            if self._begun is None:
                raise
            cancelled = error
        finally:
            self._sleep = None
        begun, self._begun = self._begun, None
        if begun is not None:
            await go_on(begun, cancelled)

    @tells(lambda local: local["self"].running)
    async def _deliver(self, hook: str, args: tuple[object, ...], hops: int) -> None:
        owner, self.hook = self._owner, hook
        if hops:
            owner.at_hops(hops)
        for call in self._calls.get(hook, ()):
            self.since = self._clock()
            try:
                result = call(*args)
                # The type is compared first because isawaitable costs more than all the rest of this.
                if result is not None and (type(result) is CoroutineType or inspect.isawaitable(result)):
                    await result
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # whatever a plugin raises, SystemExit too, is its own fault
                if isinstance(error, GeneratorExit) and not is_running(self._task):
                    raise  # nobody's fault: the loop is gone, and so are its coroutines
                self._check_cancelled(error)
                owner.faulted(hook, error)
            else:
                owner.succeeded()
            if hook == "on_close":
                owner.took_to_close(self._clock() - self.since)
        if hops:
            owner.at_hops(0)
        self.hook = ""
        self._close_returned = self._close_returned or hook == "on_close"

    def _check_cancelled(self, error: BaseException) -> None:
        """Let a cancellation from outside through; our own ends the hook, and a plugin's is a fault."""
        task = self._task
        if not isinstance(error, asyncio.CancelledError) or task is None or not task.cancelling():
            return
        if not self._cancelled:
            raise error
        task.uncancel()

    def _settle(self) -> None:
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)
        if self._close_returned and self._closed is not None and not self._closed.done():
            self._closed.set_result(None)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        hook, self.hook = self.hook, ""
        if task.cancelled() and hook:
            self._owner.faulted(hook, asyncio.CancelledError())
            self._close_returned = self._close_returned or hook == "on_close"
        self._settle()  # nobody may wait for a task that is gone
