"""The files of conversations: written whole or not at all, for their owner only. All this blocks."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .conversation import Snapshot
from .formats import Format, write_format

__all__ = ["Erased", "erase", "prepare", "save"]

INFIX: Final = ".transcript."
"""Between session and format: with the recorder's files in one directory, no name meets another."""
PART: Final = ".part"
"""Ends the name of a file that is being written."""

_NAME: Final = re.compile(r"[0-9a-z-]{36}\.transcript\.(txt|json|vtt)(\.part)?")
# Whole lines, which nothing that is said can be.
_CONVERSATION: Final = re.compile(r'^(?:conversation (\S+)| "conversation_id": "(\S+)",)$', re.MULTILINE)
_RUNNING: Final = re.compile(r'^(?:started .*, the call runs.*| "state": "running",)$', re.MULTILINE)
_HEAD: Final = 4_096
"""Bytes in which each format names its conversation and its state."""


def prepare(directory: Path) -> None:
    """Make the directory, and see that it takes files.

    Raises:
        OSError: it cannot be made, or nothing can be written there.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    probe = directory / f".probe-{os.getpid()}"
    try:
        probe.write_bytes(b"?")
    finally:
        probe.unlink(missing_ok=True)


def save(snapshot: Snapshot, directory: Path, formats: Sequence[Format]) -> None:
    """Write a conversation in each of the formats, in place of what is there.

    What is final is brought to the disk; before that a crash of the whole machine may leave it behind.

    Raises:
        OSError: one of them cannot be written; the others may be.
    """
    last = snapshot.state != "running"
    for format_ in formats:
        path = directory / f"{snapshot.session_id.lower()}{INFIX}{format_}"
        # Half a surrogate pair, which UTF-8 cannot carry, becomes a question mark.
        _replace(path, write_format(snapshot, format_).encode(errors="replace"), sync=last)
    if last:
        _sync(directory)


def _replace(path: Path, content: bytes, *, sync: bool) -> None:
    part = path.with_name(path.name + PART)
    try:
        with suppress(FileNotFoundError):
            part.unlink()  # of a server that was killed
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Erased:
    """What was deleted: files; and whether one of them was of a call that may still run."""

    files: int
    running: bool


def erase(directory: Path, conversation_id: str) -> Erased:
    """Delete the files of a conversation, by what they say themselves, whatever their names.

    Raises:
        OSError: one of them cannot be read or deleted.
    """
    files, running = 0, False
    for path in _ours(directory):
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD).decode(errors="replace")
        except FileNotFoundError:
            continue  # written anew under its other name, or deleted
        found = _CONVERSATION.search(head)
        if found is not None and conversation_id.lower() == (found[1] or found[2]).lower():
            path.unlink(missing_ok=True)
            files += 1
            running = running or _RUNNING.search(head) is not None
    return Erased(files, running)


def _ours(directory: Path) -> Iterator[Path]:
    try:
        with os.scandir(directory) as entries:
            names = [entry.name for entry in entries if _NAME.fullmatch(entry.name)]
    except FileNotFoundError:
        return
    for name in names:
        yield directory / name
