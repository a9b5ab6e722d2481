"""`BlockingWatch`: catches what blocks an event loop while a plugin's code runs in it.

The usual blocking calls are replaced while it is on. In the loop's thread, and below code of the plugin, they
raise instead of blocking; everywhere else they do what they always do.
"""

from __future__ import annotations

import asyncio
import builtins
import concurrent.futures
import io
import os
import queue
import select
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Final, Self

from .log_notes import is_of

__all__ = ["Blocked", "BlockedError", "BlockingWatch", "blocked_by"]

_FILES: Final = "read and write files with await session.run_blocking(function)"
_NETWORK: Final = "use an async client, or await session.run_blocking(function)"
_THREADS: Final = "await an asyncio future or queue, or await session.run_blocking(function)"

_CALLS: Final[tuple[tuple[Any, str, str], ...]] = (
    (time, "sleep", "make the hook async and await asyncio.sleep(seconds)"),
    *((socket.socket, name, _NETWORK) for name in ("connect", "accept", "recv", "recv_into", "recvfrom")),
    *((socket.socket, name, _NETWORK) for name in ("send", "sendall", "sendto")),
    *((socket, name, _NETWORK) for name in ("getaddrinfo", "gethostbyname", "create_connection")),
    (select, "select", _NETWORK),
    *((subprocess.Popen, name, "use asyncio.create_subprocess_exec") for name in ("wait", "communicate")),
    (os, "system", "use asyncio.create_subprocess_shell"),
    (sqlite3, "connect", "use the database with await session.run_blocking(function)"),
    *((module, "open", _FILES) for module in (builtins, io, os)),
    (os, "fsync", _FILES),
    (concurrent.futures.Future, "result", "await asyncio.wrap_future(future)"),
    (threading.Event, "wait", _THREADS),
    (threading.Thread, "join", _THREADS),
    (queue.Queue, "get", _THREADS),
    (builtins, "input", "a server has nobody at its keyboard"),
)
"""Where each call is, its name, and what to do instead."""


class BlockedError(BaseException):
    """Raised in a plugin's code in place of blocking. No `Exception`, so that few plugins catch it."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """What blocked, where, and what to do instead."""

    what: str
    place: str
    mend: str


class BlockingWatch:
    """Watches the code of one package in a loop of the present thread, as a context manager.

    Attributes:
        seen: the blocking calls, in order.
    """

    def __init__(self, package: str) -> None:
        self.seen: list[Blocked] = []
        self._package = package
        self._thread: Final = threading.get_ident()
        self._restore: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> Self:
        for owner, name, mend in _CALLS:
            inherited = name not in vars(owner)
            original = getattr(owner, name)
            called = name if owner in (builtins, io) else f"{owner.__name__}.{name}"
            watched = self._watched(original, called, mend)
            self._set(owner, name, watched, None if inherited else original)
            for module in self._modules():  # from time import sleep
                for alias, value in list(vars(module).items()):
                    if value is getattr(original, "__wrapped__", original):
                        self._set(module, alias, watched, value)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for owner, name, original in reversed(self._restore):
            if original is None:
                delattr(owner, name)
            else:
                setattr(owner, name, original)

    def _set(self, owner: Any, name: str, watched: Any, original: Any) -> None:
        setattr(owner, name, watched)
        self._restore.append((owner, name, original))

    def _modules(self) -> list[Any]:
        return [m for name, m in list(sys.modules.items()) if f"{name}.".startswith(f"{self._package}.")]

    def _watched(self, original: Callable[..., Any], name: str, mend: str) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() == self._thread and asyncio._get_running_loop() is not None:
                blocks = not _returns_at_once(name, args, kwargs)
                blocked = (
                    blocked_by(sys._getframe(1), self._package, f"called {name}", mend) if blocks else None
                )
                if blocked is not None:
                    self.seen.append(blocked)
                    if args and isinstance(args[0], subprocess.Popen):
                        args[0].kill()  # else it would be left behind, and nobody would wait for it
                        original(args[0])
                    raise BlockedError(f"{name} blocks the event loop")
            return original(*args, **kwargs)

        return watched


def blocked_by(frame: FrameType | None, package: str, what: str, mend: str) -> Blocked | None:
    """Return that what is done in a frame blocks, if it is a package's doing in an event loop."""
    guilty = _guilty(frame, package)
    if guilty is None:
        return None
    place = f"{guilty.f_code.co_filename}:{guilty.f_lineno} in {guilty.f_code.co_name}"
    return Blocked(what, place, mend)


def _guilty(frame: FrameType | None, package: str) -> FrameType | None:
    """Return the package's frame that made the call; `None` when it is not its doing in the loop."""
    guilty: FrameType | None = None
    while frame is not None:
        if frame.f_code.co_name == "_run_once":
            return guilty
        if guilty is None and is_of(frame, package):
            guilty = frame
        if guilty is None and (frame.f_code in _STARTS or _logs(frame)):
            return None  # a thread that starts waits for a moment; a log goes where the operator says
        frame = frame.f_back
    return None


def _logs(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == "logging"


_STARTS: Final = {threading.Thread.start.__code__}
_WAITABLE: Final = (queue.Queue, threading.Event, threading.Thread, concurrent.futures.Future)


def _returns_at_once(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    first = args[0] if args else None
    if name == "time.sleep":
        return bool(first == 0)
    if isinstance(first, socket.socket):
        return first.gettimeout() == 0
    if kwargs.get("timeout") == 0 or kwargs.get("block") is False:
        return True
    if args[1:2] == (0,) and isinstance(first, _WAITABLE):  # wait(0), and get(False), which equals it
        return True
    if isinstance(first, concurrent.futures.Future):
        return first.done()
    if isinstance(first, threading.Event):
        return first.is_set()
    if isinstance(first, threading.Thread):
        return not first.is_alive()
    if isinstance(first, subprocess.Popen):
        return first.poll() is not None
    return isinstance(first, queue.Queue) and not first.empty()
