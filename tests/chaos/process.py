"""The other end of the server process: start it, ask it, signal it, read its books and its log."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self

from .checks import BrokenError
from .place import Place

__all__ = ["ServerProcess"]

_START: Final = 60.0  # seconds, on a machine that does other things
_ANSWER: Final = 60.0
_LONGEST: Final = 16_000_000  # bytes of one answer
_EXPECTED: Final = re.compile(
    r"plugin faulty(_lane)? |task planted-leak|audiohook-[\w-]+:faulty|Task audiohook-lane:faulty"
)
_TAIL: Final = 15


class ServerProcess:
    """A server in a process of its own, with a directory of its own.

    Attributes:
        place: where its clients go. directory: of its recordings, books and log.
    """

    def __init__(self, process: asyncio.subprocess.Process, directory: Path, place: Place) -> None:
        self.place = place
        self.directory = directory
        self._process = process
        self._lock = asyncio.Lock()
        self._books = (directory / "books.jsonl").open(encoding="utf-8")
        self._log_at = 0

    @classmethod
    async def start(cls, directory: Path, seed: str, kind: str, *, patience: float) -> Self:
        """Start it; returns when it takes calls."""
        directory.mkdir(parents=True)  # noqa: ASYNC240 - nothing else runs yet
        with (directory / "log.jsonl").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "chaos.server", str(directory), seed, kind),
                cwd=Path(__file__).parents[1],
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=_LONGEST,
            )
        assert process.stdout is not None
        async with asyncio.timeout(_START):
            line = await process.stdout.readline()
        if not line:
            raise BrokenError("the server starts", (directory / "log.jsonl").read_text(encoding="utf-8"))
        told = json.loads(line)
        return cls(process, directory, Place(told["url"], told["port"], patience))

    async def ask(self, command: str = "figures") -> dict[str, Any]:
        """Send a command, and return the answer."""
        assert self._process.stdin is not None
        async with self._lock:
            self._process.stdin.write(command.encode() + b"\n")
            return await self._answer()

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    async def stopped(self, seconds: float) -> tuple[int, dict[str, Any]]:
        """Wait until it has stopped; return exit status and last figures."""
        async with asyncio.timeout(seconds):
            figures = await self._answer()
            return await self._process.wait(), figures["stopped"]

    async def kill(self) -> None:
        """End it now, if it runs."""
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        self._books.close()

    def rows(self) -> list[dict[str, Any]]:
        """Return what is new in the books."""
        return [json.loads(line) for line in self._books]

    def complaints(self) -> list[str]:
        """Return what is new in the log and should not be there: errors that nobody planted."""
        late = self.place.patience > 1
        return [line for line in self._new_lines() if not _is_expected(line, late=late)]

    def excerpt(self, session: str = "") -> str:
        """Return the lines of the log about a session, else the last ones."""
        lines = (self.directory / "log.jsonl").read_text(encoding="utf-8", errors="replace").splitlines()
        about = [line for line in lines if session and session in line]
        return "\n".join(about[-_TAIL:] or lines[-_TAIL:])

    def _new_lines(self) -> Iterator[str]:
        with (self.directory / "log.jsonl").open("rb") as log:
            log.seek(self._log_at)
            for line in log:
                self._log_at += len(line)
                yield line.decode(errors="replace").rstrip()

    async def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        async with asyncio.timeout(_ANSWER):
            line = await self._process.stdout.readline()
        if not line:
            raise BrokenError("the server goes on", f"it has ended with status {await self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _is_expected(line: str, *, late: bool) -> bool:
    try:
        record = json.loads(line)
    except ValueError:
        return False
    if record["level"] not in ("error", "critical"):
        return True
    message = record["message"]
    if "still runs at its deadline" in message and (late or "plugin watch_late " in message):
        return True  # a plugin that is slow on purpose, or a machine that is busy with other things
    return "traceback" not in record and _EXPECTED.search(message) is not None
