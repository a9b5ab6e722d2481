"""The server process: `python -m chaos.server DIRECTORY SEED calls|drains`.

It is run by signals as `audiohook-fw serve` is. On standard input it takes commands, one a line, and answers
each with a JSON object on standard output: `figures`, and `clock SECONDS`, which sets its wall clock off.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from audiohook_fw import AudioFrame, Session
from audiohook_fw.config import Loaded, Settings
from audiohook_fw.plugin import PluginManager, load_plugins
from audiohook_fw.plugin.lane import Lane
from audiohook_fw.server import AudiohookServer, run, serve
from audiohook_fw.server.connection import Connection
from audiohook_fw.session import Call
from audiohook_fw.telemetry import Metrics, setup_logging

from .actors import Actor, Faulty, FaultyLane
from .books import Books
from .place import settings
from .watchers import InlineWatcher, LaneWatcher, LateWatcher

_CALLS: Final = frozenset({AudioFrame, Call, Connection, Lane, Session})
"""What must not outlive the calls it belongs to."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Process:
    """All parts, and what can be asked of them."""

    def __init__(self, directory: Path, seed: str, *, draining: bool) -> None:
        given = settings(draining=draining)
        own = {"recorder": {"directory": str(directory / "recordings")}}
        self._loaded = Loaded.of(Settings.model_validate(given), own)
        self._books = Books(directory / "books.jsonl")
        self._actor = Actor(seed)
        self._metrics = Metrics()
        self._plugins = self._load(seed, faulty=not draining)
        self._server: AudiohookServer | None = None
        self._offset = 0.0
        self._input: asyncio.StreamReader
        self._commands: asyncio.Task[None] | None = None

    async def main(self) -> int:
        """Serve until a signal ends it."""
        loop = asyncio.get_running_loop()
        self._input = asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self._input), sys.stdin
        )
        try:
            status = await serve(self._make, started=self._started)
        finally:
            if self._commands is not None:
                self._commands.cancel()
                await asyncio.wait({self._commands})
            transport.close()
        _answer({"stopped": self._figures()})
        return status

    def _load(self, seed: str, *, faulty: bool) -> PluginManager:
        books = self._books
        plugins: dict[str, object] = {
            "watch_inline": InlineWatcher(books),
            "watch_lane": LaneWatcher(books),
            "watch_late": LateWatcher(books),
            "actor": self._actor,
        }
        if faulty:
            plugins["faulty"] = Faulty(seed, books, "faulty")
            plugins["faulty_lane"] = FaultyLane(seed, books, "faulty_lane")
        options = self._loaded.settings.plugins
        manager = load_plugins(
            options,
            self._loaded.plugin_section,
            self._loaded.settings.limits,
            extra=plugins,
            metrics=self._metrics,
        )
        loaded = {plugin.name for plugin in manager.plugins}
        assert loaded == {*plugins, "recorder"}, manager.records
        return manager

    def _make(self, on_drain: Callable[[], None]) -> AudiohookServer:
        self._server = AudiohookServer(
            self._loaded, self._plugins, metrics=self._metrics, on_drain=on_drain, clock=self._clock
        )
        return self._server

    def _clock(self) -> float:
        return time.time() + self._offset

    def _started(self, server: AudiohookServer) -> None:
        self._commands = asyncio.get_running_loop().create_task(self._obey(), name="chaos-commands")
        _answer({"url": server.url, "port": server.port})

    async def _obey(self) -> None:
        while line := (await self._input.readline()).decode().split():
            match line:
                case ["clock", seconds]:
                    self._offset = float(seconds)
                    _answer({"clock": self._offset})
                case _:
                    _answer(self._figures())

    def _figures(self) -> dict[str, Any]:
        server = self._server
        ended = self._actor.sessions.copy()
        self._actor.sessions.clear()
        holding = [session.id for session in ended if session.state == "ended" and session._call.holds]
        count = len(ended)
        del ended
        gc.collect()
        alive = Counter(type(thing).__name__ for thing in gc.get_objects() if type(thing) in _CALLS)
        untrimmed = _rss()
        _trim()
        return {
            "connections": len(server.registry.connections) if server else 0,
            "calls": server.registry.calls if server else 0,
            "lane_bytes": self._plugins.budget.used,
            "held": len(self._plugins.hold),
            "untrimmed": untrimmed,
            "rss": _rss(),
            "fds": len(os.listdir("/proc/self/fd")),
            "threads": threading.active_count(),
            "tasks": dict(Counter(task.get_name() for task in asyncio.all_tasks() if not task.done())),
            "alive": dict(alive),
            "ended": count,
            "holding": holding,
        }


def _rss() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def _trim() -> None:
    """Have the C library give back what is free: what is left then is in use."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # glibc only
        trim(0)


def _answer(fields: dict[str, Any]) -> None:
    print(json.dumps(fields), flush=True)


def main(directory: str, seed: str, kind: str) -> int:
    setup_logging("info", "json")
    return run(Process(Path(directory), seed, draining=kind == "drains").main())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
