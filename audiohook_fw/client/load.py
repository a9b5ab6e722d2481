"""Many simulated calls in one event loop: the load generator."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from .call import ClientCall
from .connection import Observer, run_call
from .handshake import Environment, parse_url
from .options import CallOptions
from .report import CallReport

__all__ = ["LoadProgress", "run_load"]

_TICK = 0.2
"""Seconds between two reports of the progress."""


@dataclass(slots=True)
class LoadProgress:
    """How far a load has come: `calls` in all, of which some are `started`, `finished` and `failed`.

    `seconds` is the call time played by all calls together; `total_seconds` what it will be.
    """

    calls: int
    total_seconds: float
    started: int = 0
    finished: int = 0
    failed: int = 0
    seconds: float = 0.0

    @property
    def running(self) -> int:
        """Calls that go on now."""
        return self.started - self.finished


async def run_load(
    options: CallOptions,
    calls: int = 1,
    *,
    rate: float = 10.0,
    progress: Callable[[LoadProgress], None] | None = None,
    environment: Environment | None = None,
    observer: Observer | None = None,
) -> list[CallReport]:
    """Play `calls` calls and return their reports, in the order of their starts.

    Cancelling it breaks all calls off.

    Args:
        rate: calls begun in one second.
        progress: called five times a second and at the end, always with the same object.

    Raises:
        ValueError: when a number is not above 0, or the address is none.
    """
    if calls < 1 or not 0 < rate < math.inf:
        raise ValueError("the number of calls and the rate must be above 0")
    parse_url(options.url)
    load = _Load(options, calls, environment, observer)
    watcher = asyncio.create_task(load.watch(progress)) if progress is not None else None
    try:
        async with asyncio.TaskGroup() as group:
            began = asyncio.get_running_loop().time()
            tasks = []
            for index in range(calls):
                await asyncio.sleep(began + index / rate - asyncio.get_running_loop().time())
                tasks.append(group.create_task(load.play()))
    finally:
        if watcher is not None:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
    if progress is not None:
        progress(load.measure())
    return [task.result() for task in tasks]


@dataclass(slots=True, eq=False)
class _Load:
    options: CallOptions
    calls: int
    environment: Environment | None
    observer: Observer | None
    progress: LoadProgress = field(init=False)
    running: set[ClientCall] = field(default_factory=set)
    played: float = 0.0

    def __post_init__(self) -> None:
        duration = 0.0 if self.options.probe else self.options.duration
        self.progress = LoadProgress(self.calls, duration * self.calls)

    async def play(self) -> CallReport:
        self.progress.started += 1
        current: list[ClientCall] = []

        def note(call: ClientCall) -> None:
            self.running.difference_update(current)
            current[:] = [call]
            self.running.add(call)

        report = await run_call(
            self.options, environment=self.environment, observer=self.observer, on_start=note
        )
        self.running.difference_update(current)
        self.played += current[0].seconds
        self.progress.finished += 1
        self.progress.failed += not report.as_scripted
        return report

    def measure(self) -> LoadProgress:
        self.progress.seconds = self.played + sum(call.seconds for call in self.running)
        return self.progress

    async def watch(self, callback: Callable[[LoadProgress], None]) -> None:
        while True:
            callback(self.measure())
            await asyncio.sleep(_TICK)
