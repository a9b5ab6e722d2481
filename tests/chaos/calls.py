"""The run of random calls: rounds of chaos, each followed by silence in which everything must be right."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .behaviours import draw
from .checks import BrokenError, Checks
from .place import END_DEADLINE, LEAK_SECONDS
from .played import Played
from .process import ServerProcess
from .stage import Stage
from .verify import are_written, faults, is_quiet, verify_books, verify_recordings

__all__ = ["Calls", "Result"]

_LONGEST: Final = 120.0
"""Seconds one call may take, times the patience."""
_MOST: Final = 200_000
"""Calls in one run."""
_JUMPS: Final = (0.0, 40.0, -40.0, 3_600.0, -86_400.0, 10**8)
_GROWTH: Final = 64 * 2**20
"""Bytes. After the first round everything is loaded and every pool has its threads; what comes then is
what the C library cannot give back between pieces in use. A leak of 3 kB a call is more in half an hour."""


@dataclass
class Result:
    """What came of a run."""

    seed: str
    checks: Checks = field(default_factory=Checks)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    figures: list[dict[str, Any]] = field(default_factory=list)
    accepted: int = 0
    seconds: float = 0.0
    slowest: float = 0.0


class Calls:
    """Plays calls.

    Args:
        seconds: for all rounds together, the silences included. round_seconds: of chaos, before a silence.
        together: calls at a time.
        only: the number of the one call to play, to see it again.
    """

    def __init__(
        self,
        directory: Path,
        seed: str,
        *,
        seconds: float,
        round_seconds: float,
        together: int,
        patience: float,
        only: int = 0,
    ) -> None:
        self.result = Result(seed)
        self._directory = directory
        self._seconds = seconds
        self._round_seconds = round_seconds
        self._together = together
        self._patience = patience
        self._only = only
        self._number = 0
        self._stage: Stage
        self._server: ServerProcess

    async def run(self) -> None:
        """Play all rounds.

        Raises:
            BrokenError: at the first invariant that is.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._server = await ServerProcess.start(
            self._directory, self.result.seed, "calls", patience=self._patience
        )
        try:
            self._stage = Stage(self._server.place, self.result.seed, self.result.checks)
            self.result.figures.append(await self._server.ask() | {"number": 0})
            while True:
                await self._round()
                self.result.seconds = loop.time() - began
                if self.result.seconds >= self._seconds or self._number >= _MOST or self._only:
                    break
            await self._stop()
        except BrokenError as error:
            error.add_note(self._server.excerpt(error.session))
            raise
        finally:
            await self._server.kill()

    async def _round(self) -> None:
        played: list[Played] = []
        ends = asyncio.get_running_loop().time() + self._round_seconds
        jumper = asyncio.create_task(self._jump(random.Random(f"{self.result.seed} clock {self._number}")))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(1 if self._only else self._together):
                    group.create_task(self._play_on(ends, played))
        except* BrokenError as several:
            raise several.exceptions[0] from None
        finally:
            jumper.cancel()
            await asyncio.gather(jumper, return_exceptions=True)
        await self._set_clock(0.0)
        await self._quiet()
        rows = self._server.rows()
        self.result.faults += faults(rows)
        found = verify_books(rows, played, self.result.checks)
        recordings = self._directory / "recordings"
        await self._written(recordings)
        await asyncio.to_thread(verify_recordings, recordings, found, played, self.result.checks)
        self.result.accepted += len(found)
        self.result.slowest = max([self.result.slowest, *(p.closing_after or 0.0 for p in played)])
        self._read_log()

    async def _written(self, recordings: Path) -> None:
        """Wait until the recorder's thread has written what it was handed, for some seconds."""
        for _ in range(int(50 * self._patience)):
            if await asyncio.to_thread(are_written, recordings):
                return
            await asyncio.sleep(0.2)

    async def _play_on(self, ends: float, played: list[Played]) -> None:
        """Play one call after the other."""
        while asyncio.get_running_loop().time() < ends:
            self._number += 1
            number = self._only or self._number
            rng = self._stage.rng(number)
            behaviour = draw(rng)
            one = Played(number, behaviour.__name__)
            played.append(one)
            try:
                async with self._stage.limit(_LONGEST):
                    one.outcome = await behaviour(self._stage, rng, one)
            except Exception as error:
                raise _about(one, error) from error
            self.result.outcomes[one.behaviour, one.outcome] += 1
            if self._only:
                return

    async def _jump(self, rng: random.Random) -> None:
        """Set the clock of server and clients off now and then, and have the server read its keys again."""
        while True:
            await asyncio.sleep(rng.uniform(2, 6))
            await self._set_clock(rng.choice(_JUMPS))
            if rng.random() < 0.2:
                self._server.send_signal(signal.SIGHUP)

    async def _set_clock(self, offset: float) -> None:
        self._stage.jumps += 1  # whoever asks to be let in now may be refused
        await self._server.ask(f"clock {offset}")
        self._stage.offset = offset
        self._stage.jumps += 1

    async def _quiet(self) -> None:
        """Wait until nothing is left of all calls."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (END_DEADLINE + LEAK_SECONDS * 2 + 15) * self._patience
        figures = await self._server.ask()
        holding, ended = figures["holding"], figures["ended"]
        while not is_quiet(figures, self.result.figures[0]):
            if loop.time() > deadline:
                raise BrokenError("nothing is left of calls that have ended", figures)
            await asyncio.sleep(0.5)
            figures = await self._server.ask()
            holding += figures["holding"]
            ended += figures["ended"]
        self.result.checks("nothing is left of calls that have ended", holds=True)
        self.result.checks("holds end with their call", not holding, holding)
        figures["ended"] = ended
        self._compare(figures)

    def _compare(self, figures: dict[str, Any]) -> None:
        """Compare memory and threads with those after the first round."""
        kept = self.result.figures
        kept.append(figures | {"number": self._number})
        if len(kept) > 2:
            grown = figures["rss"] - kept[1]["rss"]
            self.result.checks("memory is flat", grown < _GROWTH, f"{grown / 2**20:.1f} MB more")
            self.result.checks(
                "threads are not left behind", figures["threads"] <= kept[1]["threads"] + 8, kept
            )

    def _read_log(self) -> None:
        complaints = self._server.complaints()
        self.result.checks("the log holds no error that was not planted", not complaints, complaints[:5])

    async def _stop(self) -> None:
        self._server.send_signal(signal.SIGTERM)
        status, figures = await self._server.stopped(60 * self._patience)
        self.result.checks("the server stops in an orderly way", status == 0, (status, figures))
        self._read_log()


def _about(one: Played, error: Exception) -> BrokenError:
    if isinstance(error, BrokenError):
        name, detail = error.name, error.detail
    else:
        name, detail = "a call ends as it should", repr(error)
    return BrokenError(name, detail, number=one.number, behaviour=one.behaviour, session=one.session)
