"""SIGKILL under a hundred calls, again and again, each time with a new server on the same directory."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import pyrage  # type: ignore[import-untyped]

from .callers import Callers, Life
from .checks import BrokenError, Checks
from .kept import Losses, directory_kept, store_kept, verify_kept
from .killed import KilledServer, Making
from .objects import ObjectStore

__all__ = ["KEEPS", "Keep", "KillResult", "Kills"]

Keep = Literal["disk", "s3", "age", "age-s3"]
KEEPS: Final[tuple[Keep, ...]] = ("disk", "s3", "age", "age-s3")

_CALLS: Final = 100
_BOUND: Final = {"disk": 1.0, "s3": 1.0, "age": 5.0, "age-s3": 5.0}
"""Seconds before a kill of which nothing need be kept."""
_RUNNING: Final = {"disk": 4.0, "s3": 4.0, "age": 9.0, "age-s3": 9.0}
"""Seconds, from when all calls are there, in which a server is killed under running calls."""
_FINISHING: Final = 3.0
"""Seconds, from when calls begin to end, in which it is killed when most of them are being finished."""
_STARTING: Final = 2.0
_SLACK: Final = 0.5
"""Seconds more, for each step of patience beyond 1, on a machine that is busy with other things."""
_WAIT: Final = 120.0
_MAKINGS: Final = (
    Making(),
    Making("flac", per_channel=True),
    Making("flac", pauses="cut"),
    Making("pcm16", per_channel=True, pauses="cut"),
    Making(per_channel=True),
    Making(pauses="cut"),
)


@dataclass
class KillResult:
    """What came of all kills.

    Attributes:
        moments: of kills. left: what they left behind. states: of the recordings at the end.
        running: open calls at each kill.
    """

    seed: str
    keep: Keep
    checks: Checks = field(default_factory=Checks)
    moments: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    losses: Losses = field(default_factory=Losses)
    running: list[int] = field(default_factory=list)
    calls: int = 0
    opened: int = 0
    seconds: float = 0.0


class Kills:
    """Kills servers.

    Args:
        keep: where recordings go. count: kills. calls: at a time. patience: factor on all limits of time.
    """

    def __init__(
        self, directory: Path, seed: str, *, keep: Keep, count: int, patience: float, calls: int = _CALLS
    ) -> None:
        self.result = KillResult(seed, keep)
        directory.mkdir(parents=True)
        self._directory = directory
        self._recordings = directory / "recordings"
        self._count = count
        self._calls = calls
        self._patience = patience
        self._bound = _BOUND[keep] + _SLACK * (patience - 1)
        self._rng = random.Random(f"{seed} {keep}")
        self._key: str | None = None
        self._store: ObjectStore | None = None
        self._more = ""
        self._starts = 0
        self._server: KilledServer | None = None
        self._complaints: list[str] = []

    async def run(self) -> None:
        """Kill, and see what is kept.

        Raises:
            BrokenError: at the first invariant that is.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        checks = self.result.checks
        callers = Callers(
            self._directory / "said", self.result.seed, checks, count=self._calls, patience=self._patience
        )
        try:
            await self._prepare()
            callers.begin()
            for number in range(1, self._count + 1):
                await self._live(callers, number)
            await self._finish(callers)
            await asyncio.to_thread(self._verify, callers)
        finally:
            await callers.stop()
            if self._server is not None:
                await self._server.kill()
            if self._store is not None:
                self._store.stop()
        self.result.seconds = loop.time() - began

    async def _prepare(self) -> None:
        if self.result.keep.endswith("s3"):
            self._store = await asyncio.to_thread(ObjectStore.start, self._directory / "s3")
            self._more = self._store.section
        if self.result.keep.startswith("age"):
            identity = pyrage.x25519.Identity.generate()
            self._key = str(identity)
            self._more += f'[plugins.recorder.encryption]\nrecipients = ["{identity.to_public()}"]\n'

    async def _start(self) -> KilledServer:
        self._starts += 1
        making = Making() if self._key is not None else self._rng.choice(_MAKINGS)
        more = making.section + self._more
        self._server = await KilledServer.start(self._directory, self._starts, more)
        return self._server

    async def _live(self, callers: Callers, number: int) -> None:
        """One life of a server under calls, to its kill."""
        finishing = number % 3 == 0
        server = await self._start()
        life = Life(number, await server.url(self._patience))
        if finishing:
            life.first = self._rng.uniform(1.0, 2.5)
        callers.turn_to(life)
        await self._until_full(callers, life)
        if finishing:
            delay = self._rng.uniform(0.0, _FINISHING) + (life.first or 0.0)
        else:
            delay = self._rng.uniform(0.0, _RUNNING[self.result.keep])
        await self._wait(callers, delay)
        self.result.running.append(callers.running)
        await self._kill(server, life)
        self.result.moments["while calls end and are finished" if finishing else "under running calls"] += 1
        callers.turn_to(None)
        if self._rng.random() < 0.2:
            server = await self._start()
            await self._wait(callers, self._rng.uniform(0.2, _STARTING))
            await self._kill(server, None)
            self.result.moments["besides: while it starts and sweeps"] += 1

    async def _kill(self, server: KilledServer, life: Life | None) -> None:
        if not server.runs:
            raise BrokenError("the server goes on until it is killed", server.log.read_text()[-3000:])
        if life is not None:
            life.killed = asyncio.get_running_loop().time()
        await server.kill()
        self._read_log(server)
        await asyncio.to_thread(self._look)

    async def _until_full(self, callers: Callers, life: Life) -> None:
        try:
            async with asyncio.timeout(_WAIT * self._patience):
                while life.opened < self._calls:
                    await self._wait(callers, 0.02)
        except TimeoutError:
            raise BrokenError("calls come in again", f"{life.opened} in time") from None

    async def _wait(self, callers: Callers, seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            callers.look()
            await asyncio.sleep(min(left, 0.2))

    async def _finish(self, callers: Callers) -> None:
        """Start the last server, and let it finish everything."""
        server = await self._start()
        life = Life(self._count + 1, await server.url(self._patience), longest=4.0)
        callers.turn_to(life)
        await self._until_full(callers, life)
        try:
            async with asyncio.timeout(_WAIT * self._patience):
                await callers.leave()
                while not await asyncio.to_thread(self._is_finished):  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise BrokenError("all is finished in the end", self._names()[:20]) from None
        self.result.checks("all is finished in the end", holds=True)
        status = await server.stop(60 * self._patience)
        self.result.checks("the last server ends with status 0", status == 0, status)
        self._read_log(server)

    def _names(self) -> list[str]:
        return sorted(path.name for path in self._recordings.iterdir() if path.name[0] != ".")

    def _is_finished(self) -> bool:
        if self._store is not None:
            return not self._names()
        texts = (path.read_text(encoding="utf-8") for path in self._recordings.glob("*.json"))
        return not any('"owner"' in text for text in texts)

    def _read_log(self, server: KilledServer) -> None:
        complaints = server.complaints()
        self.result.checks("the log holds no error", not complaints, complaints[:5])

    def _look(self) -> None:
        """Count what a kill has left behind."""
        left = self.result.left
        here = set()
        for path in self._recordings.iterdir():
            name = path.name
            if name.endswith(".stored.json"):
                left["in the store, being deleted here"] += 1
            elif name.endswith(".json"):
                here.add(name)
                left.update(_left(path))
            elif name.endswith((".tmp", ".part")):
                left["temporary files"] += 1
        if self._store is not None:
            left.update(_half(self._store.list(), here))

    def _verify(self, callers: Callers) -> None:
        result = self.result
        kept = directory_kept(self._recordings, result.checks, uploaded=self._store is not None)
        if self._store is not None:
            kept = store_kept(self._store, result.checks)
        verify_kept(kept, callers.said, self._key, self._bound, result.checks, result.losses)
        result.states.update(one.sidecar["state"] for one in kept)
        result.calls = len(callers.said)
        result.opened = sum(said.opened for said in callers.said)


def _left(path: Path) -> Iterable[str]:
    """Say what there was still to do for a recording."""
    sidecar = json.loads(path.read_bytes())
    if sidecar["state"] == "recording":
        yield "recordings of running calls"
    elif "owner" in sidecar:
        yield "recordings of calls that had ended, not finished"
    if sidecar.get("leftovers"):
        yield "files half made, or to be deleted"


def _half(keys: Iterable[str], here: set[str]) -> Iterable[str]:
    """Say what there is in the store of recordings that are still here."""
    stored = {key.rpartition("/")[2] for key in keys}
    for name in here:
        stem = name.removesuffix(".json")
        if name in stored:
            yield "in the store as a whole, and still here"
        elif any(other.startswith(stem) for other in stored):
            yield "in the store without a sidecar yet"
