"""Replays many recordings in processes of their own; one that a plugin ends costs its recording only."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any, Final

from .replaying import Done, Job, Setting, replay_recording

__all__ = ["replay_all"]

_AHEAD: Final = 4
"""Recordings that each process may be ahead of the first one that is not done: results wait in memory."""
_TELL: Final = 0.2
"""Seconds between two words of progress."""
_PATIENCE: Final = 10.0
"""Seconds for a process to end that has nothing more to do."""


def replay_all(
    jobs: Iterator[Job | Done], setting: Setting, processes: int, progress: Callable[[float], object]
) -> Generator[tuple[Job | None, Done], None, None]:
    """Yield what came of each job, in their order; a `Done` among them is passed on.

    Closing the iterator ends the processes.

    Args:
        progress: gets how much of how many recordings was played since it was called last: all give 1 each.
    """
    pool: list[_Worker] = []
    waiting: deque[_Ticket] = deque()
    try:
        more = True
        while more or waiting:
            more = more and _hand_out(jobs, waiting, pool, setting, processes)
            while waiting and (done := waiting[0].done) is not None:
                ticket = waiting.popleft()
                progress(1 - ticket.told)
                yield ticket.job, done
            busy = [worker for worker in pool if worker.ticket is not None]
            if busy and (not more or len(busy) == processes or _is_full(waiting, processes)):
                for connection in wait([worker.connection for worker in busy]):
                    worker = next(worker for worker in busy if worker.connection is connection)
                    worker.listen(progress)
            pool = [worker for worker in pool if worker.is_alive]
    finally:
        for worker in pool:
            worker.end()


@dataclass(slots=True)
class _Ticket:
    """A job, and what came of it once it is done; `told` is the part of it that was told of."""

    job: Job | None
    done: Done | None = None
    told: float = 0.0

    def tell(self, seconds: float) -> float:
        """Note that so much was played; return which part of the recording that is."""
        assert self.job is not None
        part = min(seconds / max(self.job.seconds, seconds, 1e-9), 1 - self.told)
        self.told += part
        return part


class _Worker:
    """A process that replays one recording after another.

    Attributes:
        connection: to it. ticket: what it is at work on. is_alive: whether it can take another.
    """

    def __init__(self, setting: Setting) -> None:
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.ticket: _Ticket | None = None
        self.is_alive = True
        self._process = context.Process(target=_work, args=(theirs, setting), name="audiohook-replay")
        with _fixed_hashes(), _deaf():
            self._process.start()
        theirs.close()

    def take(self, ticket: _Ticket) -> None:
        """Begin with a job."""
        self.ticket = ticket
        with suppress(OSError):  # it has ended, which `listen` will find
            self.connection.send(ticket.job)

    def listen(self, progress: Callable[[float], object]) -> None:
        """Take one word of it."""
        ticket = self.ticket
        assert ticket is not None
        try:
            said: Any = self.connection.recv()
        except (EOFError, OSError):
            self._process.join(_PATIENCE)
            assert ticket.job is not None
            name = ticket.job.name
            text = f"{name}: a plugin ended the process (exit status {self._process.exitcode})"
            said = Done(name, problem=text)
            self.end()
        if isinstance(said, Done):
            ticket.done, self.ticket = said, None
        else:
            progress(ticket.tell(said))

    def end(self) -> None:
        """End it, at once when it is at work."""
        self.is_alive = False
        if self.ticket is None:
            self.connection.close()
            self._process.join(_PATIENCE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(_PATIENCE)
        self.connection.close()


def _hand_out(
    jobs: Iterator[Job | Done], waiting: deque[_Ticket], pool: list[_Worker], setting: Setting, processes: int
) -> bool:
    """Give work to whoever has none; return whether there may be more."""
    while not _is_full(waiting, processes):
        idle = next((worker for worker in pool if worker.ticket is None), None)
        if idle is None and len(pool) >= processes:
            return True
        job = next(jobs, None)
        if job is None:
            return False
        if isinstance(job, Done):
            waiting.append(_Ticket(None, job))
            return True
        if idle is None:
            idle = _Worker(setting)
            pool.append(idle)
        ticket = _Ticket(job)
        waiting.append(ticket)
        idle.take(ticket)
    return True


def _is_full(waiting: deque[_Ticket], processes: int) -> bool:
    return len(waiting) >= _AHEAD * processes


@contextmanager
def _fixed_hashes() -> Iterator[None]:
    """Have processes that begin now put sets of texts in the same order each time."""
    name = "PYTHONHASHSEED"
    before = os.environ.get(name)
    os.environ[name] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextmanager
def _deaf() -> Iterator[None]:
    """Have processes that begin now hear no interrupt: who asked is interrupted, and ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(connection: Connection, setting: Setting) -> None:
    """Replay what comes, until nothing more does; runs in a process of its own."""
    os.dup2(2, 1)  # what plugins print is no part of the result
    logging.getLogger().addHandler(logging.NullHandler())  # their faults are in the result
    teller = _Teller(connection)
    with suppress(EOFError, OSError):
        while True:
            job = connection.recv()
            connection.send(replay_recording(job, setting, teller))


class _Teller:
    """Tells how much was played, now and then."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._seconds = 0.0
        self._told = time.monotonic()

    def __call__(self, seconds: float) -> None:
        self._seconds += seconds
        now = time.monotonic()
        if now - self._told >= _TELL:
            self._connection.send(self._seconds)
            self._seconds, self._told = 0.0, now
