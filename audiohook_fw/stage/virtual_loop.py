"""`VirtualLoop`: an event loop whose time jumps to the next timer, so that an hour's call takes a moment.

Time stands still while a thread of an executor is at work (`session.run_blocking`, `asyncio.to_thread`):
what it does takes no virtual time, however busy the machine is. Sockets are real; while one is open, bytes
have `grace` seconds of real time to arrive before time goes on.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final, TypeVar

__all__ = ["VirtualLoop"]

T = TypeVar("T")

_GRACE: Final = 0.005
_PATIENCE: Final = 30.0


class _VirtualSelector(selectors.DefaultSelector):
    """Skips waiting: when nothing is ready and no thread works, the time to be waited has passed.

    Attributes:
        now: the virtual time. until: how far it may go by itself, `None` for any distance.
        on_idle: called when all that is due by `until` is done. on_given_up: gets a thread that hangs.
        began: processor seconds of the thread when it last looked what is ready.
        busiest: the most of them between two such looks.
        jobs: the threads' that time stands still for. ordered: those whose results come one after another,
            and what hands each of them out.
    """

    def __init__(self, grace: float, patience: float) -> None:
        super().__init__()
        self._grace = grace
        self._patience = patience
        self.began = 0.0
        self.now = 0.0
        self.until: float | None = None
        self.on_idle: Callable[[], None] = lambda: None
        self.on_given_up: Callable[[Future[Any], Callable[[], None]], None] = lambda job, hand_out: None
        self.jobs: set[Future[Any]] = set()
        self.ordered: deque[tuple[Future[Any], Callable[[], None]]] = deque()
        self.busiest = 0.0

    def start_step(self) -> None:
        """Begin to measure: the loop runs."""
        self.began = time.thread_time()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; let virtual time pass when nothing is."""
        self.busiest = max(self.busiest, time.thread_time() - self.began)
        try:
            return self._select(timeout)
        finally:
            self.start_step()

    def _select(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        if self._hand_out():
            return []
        if self.jobs:
            ready = super().select(self._patience)
            if ready:
                return ready
            self._give_up()  # as in life: time goes on while a thread hangs
            if self.jobs:
                return []
        until = self.until
        if timeout is None and until is None:
            return super().select(None)  # only another thread can end this
        grace = self._grace if timeout is None else min(self._grace, timeout)
        if ready := super().select(grace if self._has_sockets else 0):
            return ready
        if until is not None and (timeout is None or self.now + timeout > until):
            self.now = max(self.now, until)
            self.on_idle()
        elif timeout is not None:
            self.now += timeout
        return []

    def _hand_out(self) -> bool:
        """Hand out the result whose turn it is, if it is there: nothing else is to be done now."""
        if not self.ordered or not self.ordered[0][0].done():
            return False
        job, hand_out = self.ordered.popleft()
        self.jobs.discard(job)
        hand_out()
        return True

    def _give_up(self) -> None:
        """Wait no more for the thread whose turn it is; its result comes when it comes."""
        if not self.ordered:
            self.jobs.clear()
            return
        job, hand_out = self.ordered.popleft()
        self.jobs.discard(job)
        self.on_given_up(job, hand_out)

    @property
    def _has_sockets(self) -> bool:
        return len(self.get_map()) > 1  # one is the loop's own


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is made up: a sleep of an hour takes no time.

    Use it as any loop, or step by step with `run_for`. Threads that a program starts by itself are not seen:
    time goes on without them.

    Args:
        grace: real seconds that bytes have to arrive while a socket is open.
        patience: real seconds for which time stands still for the threads of executors.
        ordered: hand out the results of threads one after another, in the order in which they were asked for,
            each when nothing else is to be done: so nothing depends on which thread is faster.
    """

    def __init__(self, *, grace: float = _GRACE, patience: float = _PATIENCE, ordered: bool = False) -> None:
        self._ordered = ordered
        self._virtual = _VirtualSelector(grace, patience)
        self._virtual.on_idle = self.stop
        self._virtual.on_given_up = self._given_up
        super().__init__(self._virtual)

    def time(self) -> float:
        """Return the virtual time in seconds; it begins at 0."""
        return self._virtual.now

    @property
    def busiest(self) -> float:
        """The most seconds of processor time that one step took: how long others had to wait at most."""
        return self._virtual.busiest

    @property
    def step_began(self) -> float:
        """When the present step began, in seconds of the thread's processor time."""
        return self._virtual.began

    def run_for(self, seconds: float = 0.0) -> None:
        """Run what is due within `seconds` of virtual time, and return when nothing more is.

        With 0: run until everybody waits for time to pass. Never for use inside of the loop.
        """
        self._virtual.until = self.time() + seconds
        try:
            self.run_forever()
        finally:
            self._virtual.until = None

    def run_forever(self) -> None:
        """Run until `stop` is called."""
        self._virtual.start_step()
        super().run_forever()

    def run_in_executor(  # type: ignore[override]  # typeshed cannot say what BaseEventLoop returns
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Run a function in a thread; time stands still until its result is there."""
        if executor is None:
            executor = self._threads()
        job = executor.submit(func, *args)
        self._virtual.jobs.add(job)
        if self._ordered:
            return self._in_order(job)
        future = asyncio.wrap_future(job, loop=self)  # first, so that the result is there when time goes on
        job.add_done_callback(self._done)
        return future

    def _in_order(self, job: Future[T]) -> asyncio.Future[T]:
        ours: Future[T] = Future()

        def hand_out() -> None:
            if ours.set_running_or_notify_cancel():
                error = job.exception() if not job.cancelled() else CancelledError()
                if error is None:
                    ours.set_result(job.result())
                else:
                    ours.set_exception(error)

        future = asyncio.wrap_future(ours, loop=self)
        ours.add_done_callback(lambda ours: job.cancel() if ours.cancelled() else None)
        self._virtual.ordered.append((job, hand_out))
        job.add_done_callback(self._rouse)
        return future

    def _given_up(self, job: Future[Any], hand_out: Callable[[], None]) -> None:
        def late(_: object) -> None:
            with suppress(RuntimeError):  # the loop is closed
                self.call_soon_threadsafe(hand_out)

        job.add_done_callback(late)

    def _rouse(self, job: Future[Any]) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self.call_soon_threadsafe(_nothing)

    def set_default_executor(self, executor: ThreadPoolExecutor) -> None:  # type: ignore[override]
        """Take this executor for `run_in_executor(None, …)`."""
        self._own_threads = executor
        super().set_default_executor(executor)

    def _threads(self) -> Executor:
        if not hasattr(self, "_own_threads"):
            self.set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))
        return self._own_threads

    def _done(self, job: Future[Any]) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self.call_soon_threadsafe(self._virtual.jobs.discard, job)


def _nothing() -> None: ...
