"""The clients of a server that is killed: a hundred callers, each of whom calls again and again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np

from audiohook_fw.client import (
    AudioSource,
    CallOptions,
    CallReport,
    Closing,
    Environment,
    Span,
    Timeline,
    Timing,
    run_call,
)

from .checks import Checks
from .place import KEYS, SECRET
from .stage import new_ids

__all__ = ["Callers", "Life", "Said"]

_RATE: Final = 8000
_LONGEST: Final = 40.0
"""Seconds of a call; most are cut off long before."""
_FRAME_MS: Final = 200.0
_AGAIN: Final = 0.15
"""How many of those that are cut off come again with the same session id."""
_SAME_CONVERSATION: Final = 0.2


@dataclass(slots=True)
class Life:
    """One life of the server, as the callers know it.

    Attributes:
        killed: when it was killed, in the event loop's time; infinite as long as it was not.
        first: seconds of each caller's first call in it; `None`: any.
    """

    number: int
    url: str
    killed: float = float("inf")
    first: float | None = None
    longest: float = _LONGEST
    opened: int = 0


@dataclass(slots=True)
class Said:
    """One call, as its client knows it.

    Attributes:
        opened_at, over: when `opened` came, and when the call had ended, in the event loop's time.
        began, ended: wall time.
        marks: when frames were sent, in the loop's time, and the bytes of audio sent by then.
        spans: of audio, in samples of call time.
        expected: file of what a recording of all of it holds.
    """

    number: int
    life: Life
    session: str = ""
    conversation: str = ""
    opened: bool = False
    opened_at: float = float("inf")
    whole: bool = False
    began: float = 0.0
    ended: float = 0.0
    over: float = 0.0
    marks: list[tuple[float, int]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    channels: tuple[str, ...] = ()
    expected: Path | None = None

    def position(self, sent: int) -> int:
        """Return the call time (in samples) after that many bytes of audio."""
        left = sent // len(self.channels or (1,))
        for span in self.spans:
            if left <= span.length:
                return span.position + left if left else 0
            left -= span.length
        return self.spans[-1].end if self.spans else 0


class Callers:
    """Plays calls into the server of the day.

    Attributes:
        said: all calls so far. running: those that are open now.
    """

    def __init__(self, directory: Path, seed: str, checks: Checks, *, count: int, patience: float) -> None:
        directory.mkdir(parents=True)
        self.said: list[Said] = []
        self.running = 0
        self._directory = directory
        self._seed = seed
        self._checks = checks
        self._patience = patience
        self._count = count
        self._life: Life | None = None
        self._changed = asyncio.Event()
        self._leaving = False
        self._callers: list[asyncio.Task[None]] = []
        # Noise: each call has its own stretch of it, so that no recording can pass for another one.
        noise = np.random.default_rng(random.Random(seed).getrandbits(32))
        self._noise = noise.integers(-12_000, 12_000, (int(120 * _RATE), 2)).astype(np.int16)

    def begin(self) -> None:
        """Have all callers call as soon as there is a server."""
        self._callers = [asyncio.create_task(self._call_on(number)) for number in range(self._count)]

    def turn_to(self, life: Life | None) -> None:
        """Tell where calls are taken now; `None`: nowhere."""
        self._life = life
        self._changed.set()
        self._changed = asyncio.Event()

    def look(self) -> None:
        """Raise what is wrong with a caller."""
        for caller in self._callers:
            if caller.done():
                caller.result()

    async def leave(self) -> None:
        """Let all calls come to their end, and begin no more."""
        self._leaving = True
        await asyncio.gather(*self._callers)

    async def stop(self) -> None:
        """Break everything off."""
        for caller in self._callers:
            caller.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)

    async def _call_on(self, caller: int) -> None:
        before: Said | None = None
        while not self._leaving:
            life = self._life
            if life is None or life.killed < float("inf"):
                changed = self._changed
                await changed.wait()
                continue
            first = before is None or before.life is not life
            before = await self._call(life, before, first=first)
            if not before.opened:
                await asyncio.sleep(0.05)

    async def _call(self, life: Life, before: Said | None, *, first: bool) -> Said:
        said = Said(len(self.said) + 1, life)
        self.said.append(said)
        rng = random.Random(f"{self._seed} call {said.number}")
        options = self._options(life, rng, life.first if first else None)
        ids = new_ids(rng)
        if before is not None and before.opened and not before.whole and rng.random() < _AGAIN:
            said.session, said.conversation = before.session, before.conversation
        elif before is not None and rng.random() < _SAME_CONVERSATION:
            said.session, said.conversation = ids(), before.conversation
        else:
            said.session, said.conversation = ids(), ids()
        # In the order in which the client takes them.
        own = chain([ids(), said.session, ids(), said.conversation, ids()])
        said.began = time.time()
        try:
            report = await run_call(
                options,
                environment=Environment(new_id=lambda: next(own)),
                observer=self._observer(said, life),
            )
        finally:
            self.running -= said.opened
        said.ended, said.over = time.time(), asyncio.get_running_loop().time()
        self._note(said, report)
        return said

    def _note(self, said: Said, report: CallReport) -> None:
        self._checks("the server breaks no rule", not report.violations, report.violations)
        said.whole = report.closing is Closing.CLOSED and report.as_scripted
        if said.life.killed == float("inf") and said.opened:
            self._checks("a call goes on until the server is killed", said.whole, report.outcome())
        if not said.opened or report.media is None:
            return
        said.channels = report.media.channels
        said.spans = report.ledger.spans
        said.expected = self._directory / f"{said.number}.ulaw"
        said.expected.write_bytes(report.expected_recording())

    def _options(self, life: Life, rng: random.Random, duration: float | None) -> CallOptions:
        if duration is None:
            duration = rng.choice([rng.uniform(0.3, 3.0), life.longest, life.longest, life.longest])
        else:
            duration += rng.uniform(0.0, 1.0)
        start = rng.randrange(len(self._noise) - int(_RATE * (_LONGEST + 1)))
        source = AudioSource(self._noise[start : start + int(_RATE * (_LONGEST + 1))])
        factor = self._patience
        return CallOptions(
            url=life.url,
            api_key=KEYS["monitor"],
            secret=SECRET,
            source=source,
            duration=duration,
            frame_ms=_FRAME_MS,
            timeline=_timeline(rng, duration),
            keep_audio=True,
            timing=Timing(connect=30 * factor, open=30 * factor, close=30 * factor, pong=30 * factor),
        )

    def _observer(self, said: Said, life: Life) -> Callable[[str, str | bytes], None]:
        clock = asyncio.get_running_loop().time
        sent = 0

        def observe(direction: str, data: str | bytes) -> None:
            nonlocal sent
            if isinstance(data, bytes):
                sent += len(data)
                said.marks.append((clock(), sent))
            elif direction == "<" and '"opened"' in data:
                said.opened, said.opened_at = True, clock()
                life.opened += 1
                self.running += 1

        return observe


def _timeline(rng: random.Random, duration: float) -> Timeline:
    """Pause and discard in half of all calls, so that recordings have gaps."""
    actions = []
    at = rng.uniform(0.2, 2.0)
    while at < duration - 1 and rng.random() < 0.5:
        length = rng.uniform(0.1, 0.6)
        if rng.random() < 0.5:
            actions += [f"pause@{at:.3f}", f"resume@{at + length:.3f}"]
        else:
            actions.append(f"discard@{at:.3f}+{length:.3f}")
        at += length + rng.uniform(0.3, 2.0)
    return Timeline.parse(actions)
