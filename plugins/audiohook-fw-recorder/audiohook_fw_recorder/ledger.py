"""The ledger: proves what was deleted and when, without telling of whom. All of this blocks.

Each line holds the SHA-256 of the line before it, so none can be changed or taken out unseen, but the last:
keep its hash elsewhere. A conversation is named by the SHA-256 of its id, which leads back to none.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

__all__ = [
    "LEDGER",
    "LOST",
    "Action",
    "Ledger",
    "LedgerState",
    "Removed",
    "check_ledger",
    "digest_of",
    "entries",
    "ledger_size",
]

LEDGER: Final = "ledger.jsonl"
"""Its name, in the directory of the recordings."""

FIRST: Final = "0" * 64
"""What the first line has for the hash of the one before."""

LOST: Final = "its last line is cut off"

_MOST: Final = 1 << 20  # bytes of a line; ours have a hundredth of it
_PIECE: Final = 1 << 16

Action = Literal["erase", "retention"]


def digest_of(conversation_id: str) -> str:
    """Return what stands for a conversation: the SHA-256 of its id in lower case."""
    return hashlib.sha256(conversation_id.lower().encode()).hexdigest()


@dataclass(slots=True)
class Removed:
    """What was deleted: recordings, their files here (sidecars too), objects in the store, bytes of both."""

    recordings: int = 0
    files: int = 0
    objects: int = 0
    bytes: int = 0

    def add(self, other: Removed) -> None:
        """Count the other's too."""
        self.recordings += other.recordings
        self.files += other.files
        self.objects += other.objects
        self.bytes += other.bytes


class Ledger:
    """The ledger of a directory, open and locked: what deletes waits for each other. For one thread.

    Used as a context manager around the deletion, so that nothing is deleted that cannot be proved.

    Raises:
        OSError: it cannot be opened, or written.

    Attributes:
        last: the hash of its last line.
    """

    def __init__(self, directory: Path) -> None:
        self.path: Final = directory / LEDGER
        self.last = FIRST
        self._descriptor = -1

    def __enter__(self) -> Ledger:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self.path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _mend(descriptor)
            self.last = _last_hash(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return self

    def __exit__(self, *_: object) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)

    def append(
        self,
        action: Action,
        conversations: Sequence[str],
        removed: Removed,
        *,
        complete: bool = True,
        plugins: Mapping[str, int] | None = None,
    ) -> None:
        """Write a line, and have it on the disk.

        Args:
            conversations: what `digest_of` makes of their ids.
            complete: whether nothing is left, for all that is known.
            plugins: what other plugins deleted, as they count it.
        """
        entry: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "action": action,
            "conversations": list(conversations),
            "recordings": removed.recordings,
            "files": removed.files,
            "objects": removed.objects,
            "bytes": removed.bytes,
            **({"plugins": dict(plugins)} if plugins else {}),
            "complete": complete,
            "before": self.last,
        }
        line = json.dumps(entry).encode()
        end = os.fstat(self._descriptor).st_size
        try:
            _write(self._descriptor, line + b"\n")
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, end)
            raise
        self.last = hashlib.sha256(line).hexdigest()


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What a ledger is like.

    Attributes:
        lines: how many it has. last: the hash of the last one. problems: what is wrong with it, in words.
    """

    lines: int
    last: str
    problems: Sequence[str]


def check_ledger(directory: Path) -> LedgerState:
    """Read the ledger of a directory, and tell whether it is as it was written; none at all is right too.

    Raises:
        OSError: it cannot be read.
    """
    problems: list[str] = []
    number, before = 0, FIRST
    with _opened(directory / LEDGER) as lines:
        for line in lines:
            number += 1
            problem = _problem(line, before)
            if problem:
                problems.append(f"{LEDGER}: line {number}: {problem}")
            before = hashlib.sha256(line.removesuffix(b"\n")).hexdigest()
    return LedgerState(number, before, problems)


def entries(directory: Path, *, after: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the lines of the ledger of a directory, from a byte on; what is no line is left out.

    Raises:
        OSError: it cannot be read.
    """
    with _opened(directory / LEDGER, after) as lines:
        for line in lines:
            with suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict):
                    yield entry


def ledger_size(directory: Path) -> int:
    """Return the bytes of the ledger of a directory."""
    try:
        return (directory / LEDGER).stat().st_size
    except FileNotFoundError:
        return 0


def _problem(line: bytes, before: str) -> str:
    if not line.endswith(b"\n"):
        return LOST
    try:
        entry = json.loads(line)
    except ValueError:
        return "this is no JSON"
    if not isinstance(entry, dict) or not isinstance(entry.get("before"), str):
        return "this is no line of a ledger"
    if entry["before"] != before:
        return "the line before it is not the one that was there when it was written"
    return ""


@contextmanager
def _opened(path: Path, after: int = 0) -> Iterator[Iterator[bytes]]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield iter(())
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_SH)  # a line that is just written is not yet one
        file.seek(after)
        yield iter(lambda: file.readline(_MOST), b"")


def _mend(descriptor: int) -> None:
    """Take away a last line that was not written to its end: what it was to prove was not confirmed."""
    end = os.fstat(descriptor).st_size
    keep = 0
    for begin, piece in _backwards(descriptor, end):
        if (at := piece.rfind(b"\n")) >= 0:
            keep = begin + at + 1
            break
    if keep < end:
        os.ftruncate(descriptor, keep)


def _last_hash(descriptor: int) -> str:
    end = os.fstat(descriptor).st_size
    if not end:
        return FIRST
    line = b""
    for _, piece in _backwards(descriptor, end - 1):
        at = piece.rfind(b"\n")
        line = piece[at + 1 :] + line
        if at >= 0:
            break
    return hashlib.sha256(line).hexdigest()


def _backwards(descriptor: int, end: int) -> Iterator[tuple[int, bytes]]:
    while end:
        begin = max(0, end - _PIECE)
        yield begin, os.pread(descriptor, end - begin, begin)
        end = begin


def _write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
