"""`Backlog`: the pieces of one channel that wait for the engine; what waits too long is dropped."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from .cutter import Cut
from .types import Samples

__all__ = ["Backlog", "Job"]


@dataclass(slots=True, eq=False)
class Job:
    """A piece to recognise: its place, its samples (at the call's rate), and when it was cut."""

    cut: Cut
    samples: Samples = field(repr=False)
    language: str
    is_final: bool
    since: float


class Backlog:
    """Finals in order, and at most one interim, which is only made when no final waits.

    Args:
        limit: samples of finals that may wait.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._finals: deque[Job] = deque()
        self._interim: Job | None = None
        self._length = 0  # of the finals that wait, without the one at work
        self._working: Job | None = None

    def __len__(self) -> int:
        return len(self._finals) + (self._interim is not None)

    @property
    def first(self) -> Job | None:
        """The next job; it stays here."""
        return self._finals[0] if self._finals else self._interim

    def work_on(self, job: Job) -> None:
        """Note that the first job is at work: it is not dropped for others, and waits no more."""
        if job.is_final and self._working is not job:
            self._working = job
            self._length -= len(job.samples)

    def put(self, job: Job) -> tuple[list[Job], int]:
        """Take a job; return the finals that had to go for it, and how many interims."""
        if not job.is_final:
            interims = int(self._interim is not None or bool(self._finals))
            if not self._finals:
                self._interim = job
            return [], interims
        interims = int(self._interim is not None)
        self._interim = None  # the final says more, and comes first
        self._finals.append(job)
        self._length += len(job.samples)
        dropped = []
        first = int(self._working is not None)
        while self._length > self._limit and len(self._finals) > first + 1:
            old = self._finals[first]
            del self._finals[first]
            self._length -= len(old.samples)
            dropped.append(old)
        return dropped, interims

    def done(self, job: Job) -> bool:
        """Note that a job needs no more work; return whether it was still here."""
        if job is self._interim:
            self._interim = None
            return True
        if self._finals and job is self._finals[0]:
            self._take()
            return True
        return False

    def drop_older(self, since: float) -> list[Job]:
        """Drop and return the finals that were cut before `since`."""
        dropped = []
        while self._finals and self._finals[0].since < since:
            dropped.append(self._take())
        return dropped

    def clear(self) -> list[Job]:
        """Drop everything; return the finals."""
        dropped = list(self._finals)
        self._finals.clear()
        self._interim = self._working = None
        self._length = 0
        return dropped

    def _take(self) -> Job:
        job = self._finals.popleft()
        if job is self._working:
            self._working = None
        else:
            self._length -= len(job.samples)
        return job
