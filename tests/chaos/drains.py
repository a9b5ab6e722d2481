"""Drains: SIGTERM under fifty calls, while new ones come; again and again, each with a new server process."""

from __future__ import annotations

import asyncio
import hashlib
import random
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from audiohook_fw.client import CallOptions, CallReport, Closing, Decision, run_call

from .checks import BrokenError, Checks
from .good import simple_options
from .played import Played, WireCheck, broken
from .process import ServerProcess
from .stage import Stage
from .verify import verify_books, verify_recordings

__all__ = ["DrainResult", "Drains"]

_CALLS: Final = 50
_RATES: Final = (5.0, 60.0, 5.0, 5.0)
"""New calls a second, from the signal until nobody listens any more; in every fourth drain many, so that some
come in the very moment in which the port is closed."""
_WAIT: Final = 60.0
"""Seconds that anything here may take, times the patience."""


@dataclass
class DrainResult:
    """What came of all drains."""

    seed: str
    checks: Checks = field(default_factory=Checks)
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    calls: int = 0
    accepted: int = 0


class Drains:
    """Drains servers, one after the other.

    Args:
        count: how many. patience: factor on all limits of time.
    """

    def __init__(self, directory: Path, seed: str, *, count: int, patience: float) -> None:
        self.result = DrainResult(seed)
        self._directory = directory
        self._count = count
        self._patience = patience

    async def run(self) -> None:
        """Drain them all.

        Raises:
            BrokenError: at the first invariant that is.
        """
        for number in range(1, self._count + 1):
            seed = f"{self.result.seed} {number}"
            server = await ServerProcess.start(
                self._directory / str(number), seed, "drains", patience=self._patience
            )
            try:
                rate = _RATES[number % len(_RATES)]
                await Drain(server, seed, self.result, rate).run(_WAIT * self._patience)
            except BrokenError as error:
                error.add_note(f"drain {number}")
                error.add_note(server.excerpt(error.session))
                raise
            finally:
                await server.kill()


class Drain:
    """One drain."""

    def __init__(self, server: ServerProcess, seed: str, result: DrainResult, rate: float) -> None:
        self._server = server
        self._rate = rate
        self._result = result
        self._checks = result.checks
        self._stage = Stage(server.place, seed, result.checks)
        self._played: list[Played] = []
        self._calls: set[asyncio.Task[None]] = set()
        self._opened = 0
        self._signalled = False
        self._deaf = asyncio.Event()

    async def run(self, seconds: float) -> None:
        """Fill the server, send the signal, and see everything through."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                await self._fill()
                began = loop.time()
                self._signalled = True
                self._server.send_signal(signal.SIGTERM)
                await self._go_on_opening()
                await self._all_played()
        except TimeoutError:
            raise BrokenError("a drain comes to its end", f"not within {seconds:g} s") from None
        finally:
            for call in self._calls:
                call.cancel()
        status, figures = await self._server.stopped(seconds)
        self._result.seconds.append(loop.time() - began)
        self._checks("a drained server ends with status 0", status == 0, (status, figures))
        left = [figures[name] for name in ("connections", "calls", "lane_bytes", "held")]
        self._checks("a drained server has nothing left", not any(left), figures)
        await self._verify()

    async def _fill(self) -> None:
        for _ in range(_CALLS):
            self._begin()
            await asyncio.sleep(0.01)
        while self._opened < _CALLS:
            self._raise_of_calls()
            await asyncio.sleep(0.02)

    async def _go_on_opening(self) -> None:
        while not self._deaf.is_set():
            self._begin()
            self._raise_of_calls()
            try:
                async with asyncio.timeout(1 / self._rate):
                    await self._deaf.wait()
            except TimeoutError:
                pass

    async def _all_played(self) -> None:
        for call in tuple(self._calls):
            await call

    def _raise_of_calls(self) -> None:
        for call in self._calls:
            if call.done():
                call.result()

    def _begin(self) -> None:
        one = Played(len(self._played) + 1, "call in a drain")
        self._played.append(one)
        self._calls.add(asyncio.get_running_loop().create_task(self._play(one)))

    async def _play(self, one: Played) -> None:
        rng = self._stage.rng(one.number)
        # Most last longer than the drain.
        options = replace(
            simple_options(self._stage),
            duration=rng.choice([rng.uniform(0.5, 3.0), 600.0, 600.0]),
            frame_ms=100.0,
        )
        try:
            one.outcome = _outcome(await self._call(one, rng, options), one, self._checks, self._signalled)
        except BrokenError as error:
            raise broken(one, error) from None
        if one.outcome == "refused by a closed port":
            self._deaf.set()
        self._result.outcomes[one.outcome] += 1

    async def _call(self, one: Played, rng: random.Random, options: CallOptions) -> CallReport:
        wire = WireCheck(self._checks)
        report = await run_call(
            options, environment=self._stage.environment(rng), observer=self._observer(wire)
        )
        one.session = report.ids.session
        if report.closing is Closing.CLOSED:
            wire.end()
        return report

    def _observer(self, wire: WireCheck) -> Callable[[str, str | bytes], None]:
        def observe(direction: str, data: str | bytes) -> None:
            if direction == ">":
                wire.sent(data)
            else:
                wire.received(data)
                self._opened += isinstance(data, str) and '"opened"' in data

        return observe

    async def _verify(self) -> None:
        rows: list[Any] = self._server.rows()
        found = verify_books(rows, self._played, self._checks)
        recordings = self._server.directory / "recordings"
        await asyncio.to_thread(verify_recordings, recordings, found, self._played, self._checks)
        complaints = self._server.complaints()
        self._checks("the log holds no error", not complaints, complaints[:5])
        self._result.calls += len(self._played)
        self._result.accepted += len(found)


def _outcome(report: CallReport, one: Played, checks: Checks, signalled: bool) -> str:
    """Say how a call ended, if it ended as it may."""
    what = (report.outcome(), str(report.decision), str(report.closing), report.violations)
    if report.closing is Closing.UNREACHABLE and (report.problem or "").endswith("connection refused"):
        checks("only a drained server refuses connections", signalled, what)
        return "refused by a closed port"
    checks("every call ends by the protocol", report.closing is Closing.CLOSED, what)
    checks("the server breaks no rule", not report.violations, what)
    if report.decision is Decision.REJECTED:
        proper = report.reason == "error" and report.info == "draining" and signalled
        checks("a call is sent away only by a drain, to come again", proper, what)
        return "sent away"
    checks("every other call is accepted", report.decision is Decision.ACCEPTED, what)
    one.opened, one.sent = 1, report.ledger.audio_bytes
    asked = "after `reconnect`, " if report.received["reconnect"] else ""
    if report.reason is None and report.received["disconnect"]:
        return f"{asked}ran to its own end as it was disconnected"
    if report.reason is None:
        one.whole, one.sha256, one.position = True, report.ledger.sha256, report.position
        one.recording = hashlib.sha256(report.expected_recording()).hexdigest()
        checks("a call that was left alone goes as scripted", report.as_scripted, what)
        return f"{asked}ran to its own end"
    # What it said before it read the `disconnect` is not heard any more.
    checks("a call is disconnected only by a drain", signalled and report.info == "draining", what)
    return f"{asked}disconnected"
