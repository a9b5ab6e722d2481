"""`WorkerPool`: worker processes that all calls share, a task and a thread for each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from .fair_queue import FairQueue
from .messages import Answer, Failed, Heard, Ready, Request
from .totals import Totals
from .worker import ModelError, WorkerLostError

__all__ = ["DroppedError", "Process", "WorkerPool"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

_REST: Final = 1.0
_LONGEST_REST: Final = 60.0
"""Seconds before a process that does not come up is tried again: first, and at most."""

_WARN_EVERY: Final = 60.0

_LONG: Final = 1.0
_CALM: Final = 5.0
"""After a final that had to wait for longer than the first one, the second one goes by without interims."""


class DroppedError(Exception):
    """A piece is given up; the workers may be well."""


class Process(Protocol):
    """What a pool needs of a `Worker`."""

    def start(self) -> Ready: ...
    def recognize(self, request: Request) -> Answer: ...
    def end(self) -> None: ...
    def close(self) -> None: ...


@dataclass(slots=True, eq=False)
class _Job:
    call: str
    request: Request
    result: asyncio.Future[Heard]
    lost_with: int = 0
    since: float = 0.0
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)


class WorkerPool:
    """Recognises pieces of all calls in turn, with what workers there are.

    Finals wait for a worker, each call in turn, for `max_wait` seconds at most. An interim does not wait:
    when no worker is idle, or finals had to wait just before, it is dropped. A newer one comes soon.

    Args:
        processes: not started yet. totals: counted here.

    Attributes:
        problem: why no piece can be recognised, now or ever; `None` while all is well.
    """

    def __init__(self, processes: Sequence[Process], *, max_wait: float, totals: Totals) -> None:
        self.problem: str | None = "the models are still being loaded"
        self._processes = processes
        self._max_wait = max_wait
        self._totals = totals
        self._queue: FairQueue[_Job] = FairQueue()
        self._idle: list[asyncio.Future[_Job]] = []
        self._open: set[_Job] = set()
        self._ready: asyncio.Event
        self._up = 0  # processes that have their models loaded
        self._refusal: ModelError | None = None
        self._warned: float | None = None
        self._interims_from = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._threads: ThreadPoolExecutor | None = None

    async def start(self, patience: float) -> bool:
        """Start the processes; tell whether one has its models loaded, within so many seconds.

        The others, and that one if it takes longer, go on loading meanwhile.

        Raises:
            ModelError: they cannot be loaded.
        """
        self._ready = asyncio.Event()
        self._threads = ThreadPoolExecutor(len(self._processes), thread_name_prefix="whisper")
        self._tasks = [
            asyncio.create_task(self._run(process), name=f"whisper worker {number}")
            for number, process in enumerate(self._processes)
        ]
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait({ready}, timeout=patience)
        ready.cancel()
        if self._refusal is not None:
            await self.stop()
            raise self._refusal
        return self._ready.is_set()

    async def recognize(self, call: str, request: Request) -> Heard:
        """Return what is said in a piece. Cancelled, it gives up its turn.

        Raises:
            DroppedError: it was not recognised, and will not be.
            ModelError: the models cannot be loaded.
        """
        if self._refusal is not None:
            raise self._refusal
        loop = asyncio.get_running_loop()
        job = _Job(call, request, loop.create_future())
        is_wanted = request.is_final or loop.time() >= self._interims_from
        if not is_wanted or not self._hand_over(job):
            if not request.is_final:
                self._totals.interims_dropped += 1
                raise DroppedError("the workers have finals to do")
            self._queue.put(call, job)
            self._let_wait(job)
        self._open.add(job)
        try:
            return await job.result
        finally:
            self._open.discard(job)
            self._forget(job)

    async def stop(self) -> None:
        """End all processes; what waits is dropped."""
        for task in self._tasks:
            task.cancel()
        for process in self._processes:
            process.end()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._give_up_all(DroppedError("the server ends"))
        if self._threads is not None:
            await asyncio.gather(*(self._in_thread(process.close) for process in self._processes))
            threads, self._threads = self._threads, None
            await asyncio.to_thread(threads.shutdown)  # each ends with its process

    # pieces ---------------------------------------------------------------------------------------

    def _hand_over(self, job: _Job) -> bool:
        while self._idle:
            idle = self._idle.pop(0)
            if not idle.done():
                idle.set_result(job)
                return True
        return False

    async def _next(self) -> _Job:
        while (job := self._queue.take()) is not None:
            self._forget(job)
            if not job.result.done():
                self._note_wait(job)
                return job
        idle: asyncio.Future[_Job] = asyncio.get_running_loop().create_future()
        self._idle.append(idle)
        return await idle

    def _let_wait(self, job: _Job) -> None:
        loop = asyncio.get_running_loop()
        job.since = loop.time()
        job.timer = loop.call_later(self._max_wait, self._expire, job)
        self._totals.waiting = len(self._queue)

    def _note_wait(self, job: _Job) -> None:
        now = asyncio.get_running_loop().time()
        if now - job.since > _LONG:
            self._interims_from = now + _CALM

    def _forget(self, job: _Job) -> None:
        if job.timer is not None:
            job.timer.cancel()
            job.timer = None
        self._queue.remove(job.call, job)
        self._totals.waiting = len(self._queue)

    def _expire(self, job: _Job) -> None:
        self._forget(job)
        self._totals.finals_dropped += 1
        self._warn_behind()
        self._give_up(job, DroppedError(f"waited for longer than {self._max_wait:g} s"))

    def _warn_behind(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._warned is None or now - self._warned >= _WARN_EVERY:
            self._warned = now
            logger.warning(
                "falling behind: speech that waited for longer than max_wait (%g s) is dropped; give it more"
                " workers, a smaller model or fewer calls. whisper.dropped counts all of it",
                self._max_wait,
            )

    def _give_up(self, job: _Job, error: Exception) -> None:
        if not job.result.done():
            job.result.set_exception(error)

    def _give_up_all(self, error: Exception) -> None:
        for job in self._open:
            self._give_up(job, error)

    # processes ------------------------------------------------------------------------------------

    async def _run(self, process: Process) -> None:
        """Keep a process up, and give it one piece after the other."""
        while await self._bring_up(process):
            self._up += 1
            while True:
                job = await self._next()
                self._totals.busy += 1
                try:
                    answer = await self._in_thread(lambda job=job: process.recognize(job.request))  # type: ignore[misc]
                except WorkerLostError as lost:
                    self._up -= 1
                    self._lost(job, lost)
                    break
                finally:
                    self._totals.busy -= 1
                self._done(job, answer)

    async def _bring_up(self, process: Process) -> bool:
        rest = _REST
        while True:
            try:
                await self._in_thread(process.start)
            except ModelError as error:
                self._refuse(error)
                return False
            except WorkerLostError as lost:
                logger.error("a worker does not start: %s; it is tried again in %g s", lost, rest)
                if not self._up:
                    self.problem = f"no worker starts: {lost}"
                await asyncio.sleep(rest)
                rest = min(2 * rest, _LONGEST_REST)
            else:
                self.problem = None
                self._ready.set()
                return True

    def _refuse(self, error: ModelError) -> None:
        self._refusal = error
        self.problem = str(error)
        self._give_up_all(error)
        self._ready.set()

    def _lost(self, job: _Job, lost: WorkerLostError) -> None:
        self._totals.restarts += 1
        job.lost_with += 1
        if job.lost_with == 1 and job.request.is_final and not job.result.done():
            logger.warning("%s; it is started again, and the piece of speech tried once more", lost)
            if not self._hand_over(job):
                self._queue.put_back(job.call, job)
                self._let_wait(job)
            return
        logger.warning("%s; it is started again, and the piece of speech given up", lost)
        self._totals.given_up += 1
        self._give_up(job, DroppedError("a worker was lost with it"))

    def _done(self, job: _Job, answer: Answer) -> None:
        if isinstance(answer, Failed):
            self._totals.given_up += 1
            logger.warning("a piece of speech is given up: it raised %s", answer.error)
            self._give_up(job, DroppedError(f"it raised {answer.error}"))
            return
        self._totals.recognized += 1
        self._totals.made_up += answer.is_made_up
        if not job.result.done():
            job.result.set_result(answer)

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)
