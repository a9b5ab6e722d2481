"""`Stage`: what the clients of one run share."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from uuid import UUID

from audiohook_fw.client import Environment, Timing

from .checks import Checks
from .place import Place

__all__ = ["Stage"]


class Stage:
    """The server's place, the clock, the books of checks.

    Attributes:
        offset: by how much the wall clock of server and clients is off now, in seconds.
        jumps: how often that has changed.
    """

    def __init__(self, place: Place, seed: str, checks: Checks) -> None:
        self.place = place
        self.seed = seed
        self.checks = checks
        self.offset = 0.0
        self.jumps = 0
        self.requests: list[bytes] = []
        """Upgrade requests that were let in, to be replayed."""

    def rng(self, number: int) -> random.Random:
        """Return the chance of one call: the same for the same seed and number."""
        return random.Random(f"{self.seed} {number}")

    def wall(self) -> float:
        """Return the clients' wall time."""
        return time.time() + self.offset

    def environment(self, rng: random.Random) -> Environment:
        """Return where a simulated client takes its ids and its time from."""
        return Environment(new_id=new_ids(rng), wall=self.wall)

    def timing(self) -> Timing:
        """Return the simulated client's limits: Genesys' own, but for more pings; times the patience."""
        factor = self.place.patience
        return Timing(
            connect=10 * factor,
            open=5 * factor,
            close=10 * factor,
            first_ping=0.5,
            ping=1.0,
            pong=5 * factor,
            write=10 * factor,
        )

    def limit(self, seconds: float) -> asyncio.Timeout:
        """Return a bound on a wait."""
        return asyncio.timeout(seconds * self.place.patience)


def new_ids(rng: random.Random) -> Callable[[], str]:
    """Return a source of UUIDs."""
    return lambda: str(UUID(int=rng.getrandbits(128), version=4))
