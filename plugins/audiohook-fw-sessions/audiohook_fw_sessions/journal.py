"""`Journal`: rows on their way to the database, in files that outlive the process; for one thread."""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Chunk", "Journal", "pending_files"]

SEGMENT: Final = 4_194_304
"""Bytes of a file; then the next one begins."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next lines, whole and in order.

    Attributes:
        lines: without their ends.
        torn: bytes at the end of a killed process' file that are no whole line.
        path, end: how far `done` is to be.
    """

    lines: Sequence[bytes]
    path: Path
    end: int
    torn: int = 0


class Journal:
    """Files of lines in a directory, appended to by this process, read from the front, deleted when read.

    What killed processes left in the directory is read first; files of processes that live are not touched
    (each holds a lock). A line that was appended survives the end of the process, however that comes; a
    failure of power may take what the system has not put onto the disk.

    Args:
        limit: bytes of all files of this journal together.

    Attributes:
        token: names this process. size: bytes of the lines that are not done.
        heirs: dead processes, of whose lines none is left; `bury` them.

    Raises:
        OSError: the directory cannot be used, at any call.
    """

    def __init__(self, directory: Path, *, limit: int, segment: int = SEGMENT) -> None:
        self.token: Final = f"{int(time.time() * 1000):012x}-{secrets.token_hex(4)}"
        self.size = 0
        self._directory = directory
        self._limit = limit
        self._segment = segment
        self._locks: dict[str, int] = {}
        self._files: deque[Path] = deque()
        self._read = 0  # bytes of the first file that are done
        self._file: int | None = None  # the last one, if this process made it
        self._written = 0
        self._count = 0
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._lock(self.token, os.O_CREAT)
            self._inherit()
        except BaseException:
            self.close()
            raise

    def append(self, lines: Iterable[bytes]) -> int:
        """Write lines; return how many at the end had no room.

        Raises:
            OSError: none of them is written.
        """
        room = self._limit - self.size
        taken: list[bytes] = []
        left = 0
        for line in lines:
            room -= len(line)
            if room < 0 or left:
                left += 1
            else:
                taken.append(line)
        data = b"".join(taken)
        if data:
            self._write(data)
        return left

    def read(self, size: int = 262_144) -> Chunk | None:
        """Return the next lines, about so many bytes; `None` when there are none."""
        while self._files:
            path = self._files[0]
            try:
                with path.open("rb") as file:
                    file.seek(self._read)
                    data = file.read(size)
                    if data and not data.endswith(b"\n"):
                        data += file.readline()
            except FileNotFoundError:  # somebody tidied up
                self._drop(path)
                continue
            if data:
                end = data.rfind(b"\n") + 1
                return Chunk(data[:end].splitlines(), path, self._read + len(data), len(data) - end)
            self._drop(path)
            if self._file is None and not self._files:
                break
        return None

    def done(self, chunk: Chunk) -> None:
        """Let go of lines: they are in the database."""
        self.size = max(0, self.size - (chunk.end - self._read))
        self._read = chunk.end
        if self._is_last(chunk.path) and self._read >= self._written:
            self._drop(chunk.path)

    @property
    def heirs(self) -> tuple[str, ...]:
        """The dead processes of which no line is left."""
        waiting = {_token(path) for path in self._files}
        return tuple(token for token in self._locks if token != self.token and token not in waiting)

    def bury(self, token: str) -> None:
        """Forget a dead process."""
        (self._directory / f"{token}.lock").unlink(missing_ok=True)
        os.close(self._locks.pop(token))

    def close(self) -> None:
        """Let go of all files; those in which nothing waits are deleted."""
        self._end_file()
        if not self._files and self.token in self._locks:
            (self._directory / f"{self.token}.lock").unlink(missing_ok=True)
        for descriptor in self._locks.values():
            os.close(descriptor)
        self._locks.clear()

    # inside -------------------------------------------------------------------------------------

    def _is_last(self, path: Path) -> bool:
        return self._file is not None and bool(self._files) and self._files[-1] == path

    def _write(self, data: bytes) -> None:
        if self._file is not None and (self._written >= self._segment or not self._files[-1].exists()):
            self._end_file()
        if self._file is None:
            self._count += 1
            path = self._directory / f"{self.token}.{self._count:08d}.jsonl"
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL
            self._file, self._written = os.open(path, flags, 0o600), 0
            self._files.append(path)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:
            os.ftruncate(self._file, self._written)  # no half of a line
            raise
        self._written += len(data)
        self.size += len(data)

    def _drop(self, path: Path) -> None:
        """Delete the first file: all of it is done."""
        if self._is_last(path):
            self._end_file()
        self._files.popleft()
        self._read = 0
        path.unlink(missing_ok=True)
        if not self._files:
            self.size = 0

    def _end_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file, self._written = None, 0

    def _lock(self, token: str, flags: int = 0) -> bool:
        """Take the lock of a process; tell whether it had none."""
        path = self._directory / f"{token}.lock"
        try:
            descriptor = os.open(path, os.O_RDWR | flags, 0o600)
        except FileNotFoundError:  # another heir was faster
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        if not path.exists():  # another heir has just buried it
            os.close(descriptor)
            return False
        self._locks[token] = descriptor
        return True

    def _inherit(self) -> None:
        files = pending_files(self._directory)
        left = {_token(path) for path in files}
        tokens = left | {path.stem for path in self._directory.glob("*.lock")}
        dead = {t for t in sorted(tokens - {self.token}) if self._lock(t, os.O_CREAT if t in left else 0)}
        for path in files:
            if _token(path) in dead:
                self._files.append(path)
                self.size += path.stat().st_size


def pending_files(directory: Path) -> list[Path]:
    """Return the files of all processes in which rows wait, oldest first."""
    return sorted(directory.glob("*.jsonl"))


def _token(path: Path) -> str:
    return path.name.partition(".")[0]
