"""The rule of memory: audio that a plugin cannot get rid of must not pile up."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from audiohook_fw.session import BlockingPools

from ..audio import CallAudio
from ..driver import CallDriver
from .rule import BrokenError, Rule, Subject

__all__ = ["MEMORY_BOUNDED"]

T = TypeVar("T")

_FILLING: Final = 120.0
"""Seconds of audio in which lane and plugin may fill what they bound."""
_MEASURED: Final = 240.0
"""Seconds of audio that must not make the plugin grow any more."""
_SHARE: Final = 4
"""It may grow by one byte for so many bytes of audio: counters and short notes are no leak."""
_PATIENCE: Final = 5.0
"""Seconds of real time for a thread of the plugin's own, which is not starved, to write what came at once."""


def _memory_bounded(subject: Subject) -> None:
    call = subject.driver()
    try:
        call.open()
        if not call.accepted or call.media is None:
            return
        call.advance(1.0)
        bound = int(_MEASURED * call.media.rate * call.media.frame_width / _SHARE)
        with _starved(call), _traced():
            _feed(call, _FILLING)
            before = _memory()
            _feed(call, _MEASURED)
            grown = _memory() - before
            given_up = time.perf_counter() + _PATIENCE
            while grown > bound and time.perf_counter() < given_up:
                time.sleep(0.05)
                grown = _memory() - before
    finally:
        call.shutdown()
    if grown > bound:
        raise BrokenError(
            f"it grew by {grown:,} bytes while {_MEASURED:g} s of audio came and nothing it waits for "
            f"answered; up to {bound:,} are taken for counters and notes"
        )


def _feed(call: CallDriver, seconds: float) -> None:
    """Send audio while no virtual time passes, so that whoever waits for anything waits on."""
    if not call.ended:
        call.audio(CallAudio.tone(seconds), frame_ms=1000, burst=True)


class _StalledPools(BlockingPools):
    """Threads that do nothing before `go`."""

    def __init__(self, pools: BlockingPools) -> None:
        super().__init__()
        self.pools = pools
        self.go = asyncio.Event()

    async def run(self, plugin: str, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run it, but not yet."""
        await self.go.wait()
        return await self.pools.run(plugin, function, *args, **kwargs)


@contextmanager
def _starved(call: CallDriver) -> Iterator[None]:
    stalled = _StalledPools(call._pools)
    call._pools = stalled
    try:
        yield
    finally:
        call._pools = stalled.pools
        call.run(stalled.go.set)


@contextmanager
def _traced() -> Iterator[None]:
    traced_before = tracemalloc.is_tracing()
    if not traced_before:
        tracemalloc.start()
    try:
        yield
    finally:
        if not traced_before:
            tracemalloc.stop()


def _memory() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


MEMORY_BOUNDED: Final = Rule(
    "memory-bounded",
    "A plugin that is not served (threads that do not return, timers that do not fire) does not grow with "
    "the audio that comes meanwhile.",
    "bound what you keep: await in on_audio, so that audio waits in the lane, or use a deque or queue with a "
    "maximum; what must be complete belongs on a disk",
    _memory_bounded,
)
