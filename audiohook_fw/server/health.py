"""Liveness and readiness: for balancers and orchestrators, without a token and without a detail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Final

from aiohttp import web

__all__ = ["Health", "Phase"]

Check = Callable[[], Awaitable[Mapping[str, str]]]

_FRESH: Final = 1.0  # seconds for which an answer of the plugins counts: anybody may ask for readiness


class Phase(StrEnum):
    """Where in its life the server is."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    STOPPED = "stopped"


class Health:
    """What the server says about itself.

    Args:
        check: asks the plugins what is wrong, by plugin; has its own deadline.
        is_stuck: tells whether the event loop stands still more than it runs.

    Attributes:
        phase: only `READY` takes new calls for sure.
    """

    def __init__(self, check: Check, *, is_stuck: Callable[[], bool] = lambda: False) -> None:
        self.phase = Phase.STARTING
        self._is_stuck = is_stuck
        self._check = check
        self._lock = asyncio.Lock()
        self._problems: Mapping[str, str] = {}
        self._asked = -_FRESH

    async def problems(self) -> Mapping[str, str]:
        """Return what is wrong, by plugin, as of a second ago at most."""
        loop = asyncio.get_running_loop()
        async with self._lock:
            if loop.time() - self._asked >= _FRESH:
                self._problems = await self._check()
                self._asked = loop.time()
        return self._problems

    async def live(self, _: web.Request) -> web.StreamResponse:
        """Answer 200; 503 if the event loop was blocked for most of the last minute.

        While it is blocked nobody answers: a probe runs into its timeout, and has failed.
        """
        if self._is_stuck():
            return web.json_response({"status": "blocked"}, status=503)
        return web.json_response({"status": "live"})

    async def ready(self, _: web.Request) -> web.StreamResponse:
        """Answer 200 when new calls are wanted, else 503 with the names of plugins that are not well."""
        if self.phase is not Phase.READY:
            return web.json_response({"status": self.phase}, status=503)
        problems = await self.problems()
        if problems:
            return web.json_response({"status": "unhealthy", "plugins": sorted(problems)}, status=503)
        return web.json_response({"status": self.phase})
