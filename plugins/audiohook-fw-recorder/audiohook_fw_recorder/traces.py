"""What a directory holds of which recording, damaged ones too: for those who delete. All of this blocks."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from .files import TEMPORARY
from .ledger import LEDGER, Removed
from .owner import is_owned
from .sidecar import FORMAT

__all__ = [
    "Listing",
    "Trace",
    "delete",
    "is_at_work",
    "read_trace",
    "sidecars",
    "stem_of",
    "sync",
]

_MOST: Final = 64 << 20  # bytes of a sidecar; 5,000 events and as many gaps are a fiftieth of it
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,199}")
_SESSION: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:-\d+)?)(?=[.-]|$)", re.I)
_ID: Final = re.compile(rb'"conversation_id":\s*"[^"\\]+"')
_FIELD: Final = re.compile(rb'"(format|owner|conversation_id)":\s*"([^"\\]+)"')


@dataclass(frozen=True, slots=True)
class Trace:
    """A sidecar, or what is left of one.

    Attributes:
        name: of the file.
        conversation_id: `None` when it cannot be known: the file is damaged, or cannot be read.
        owner: token of the process that has still something to do for it; perhaps it is gone.
        files: those that it speaks of.
        ended: when the call ended, as far as that is known; else when it was written last.
        is_running: whether the call had not ended when it was written.
    """

    name: str
    conversation_id: str | None
    owner: str | None
    files: tuple[str, ...]
    ended: datetime
    is_running: bool = False

    @property
    def stem(self) -> str:
        """What the names of all its files begin with."""
        return self.name.removesuffix(TEMPORARY).removesuffix(".json")


class Listing:
    """The names in a directory, by the recording they belong to."""

    def __init__(self, directory: Path) -> None:
        # Joined by what no name holds: a list for each would be 100,000 objects for the garbage collector,
        # which holds up the whole server while it looks at them.
        self._by_stem: dict[str, str] = {}
        with os.scandir(directory) as entries:
            for entry in entries:
                stem = stem_of(entry.name)
                before = self._by_stem.get(stem)
                self._by_stem[stem] = entry.name if before is None else f"{before}/{entry.name}"

    def of(self, trace: Trace) -> list[str]:
        """Return all that belongs to a recording, the sidecar last: an erasure that breaks off can go on."""
        near = self._by_stem.get(trace.stem, "").split("/")
        mine = near if _names_session(trace.name) else []
        own = {f"{trace.stem}.json", f"{trace.stem}.json{TEMPORARY}"}
        named = [*trace.files, *(name + TEMPORARY for name in trace.files)]
        found = {name for name in (*mine, *named) if name and not _is_sidecar(name) and name != LEDGER}
        left = [name for name in near if name in own]
        return [*sorted(found), *sorted({*left, trace.name}, reverse=True)]


def stem_of(name: str) -> str:
    """Return the recording that a file belongs to by its name."""
    name = name.removeprefix(".")
    session = _SESSION.match(name)
    return session[1] if session else name.partition(".")[0]


def _names_session(name: str) -> bool:
    """Tell whether a file is named by a session, as the recorder does."""
    return _SESSION.match(name) is not None


def sidecars(directory: Path) -> list[str]:
    """Return the names of all files that may be sidecars, those that were never completed too.

    Raises:
        OSError: the directory cannot be read.
    """
    with os.scandir(directory) as entries:
        return [entry.name for entry in entries if _is_sidecar(entry.name)]


def _is_sidecar(name: str) -> bool:
    return name.removesuffix(TEMPORARY).endswith(".json") and _NAME.fullmatch(name) is not None


def read_trace(directory: Path, name: str, *, of: str | None = None) -> Trace | None:
    """Return what a file tells of a recording; `None` when it is gone by now, or none of ours.

    Args:
        of: the only conversation that matters: another's trace may be `None`, which is faster.
    """
    try:
        read = _content(directory / name)
    except OSError:  # somebody else's, or a disk that fails: nobody can tell
        return Trace(name, None, None, (), _NEVER) if _names_session(name) else None
    if read is None:
        return None
    content, written = read
    if of is not None and of.encode() not in content.lower() and _ID.search(content):
        return None
    try:
        loaded = json.loads(content)
    except (ValueError, RecursionError):
        return _damaged(name, content, written)
    if not isinstance(loaded, dict) or loaded.get("format") != FORMAT:
        return None
    return _trace(name, loaded, written)


def _content(path: Path) -> tuple[bytes, datetime] | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError:
        if path.is_symlink():
            return None
        raise
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST:
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(), datetime.fromtimestamp(status.st_mtime, UTC)


def _trace(name: str, loaded: dict[str, Any], written: datetime) -> Trace:
    audio = loaded.get("audio")
    files = audio.get("files") if isinstance(audio, dict) else None
    named = [file.get("name") for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    leftovers = loaded.get("leftovers")
    return Trace(
        name,
        _text(loaded.get("conversation_id")),
        _text(loaded.get("owner")),
        tuple(_names([*named, *(leftovers if isinstance(leftovers, list) else [])])),
        _ended(loaded, written),
        loaded.get("state") == "recording",
    )


def _damaged(name: str, content: bytes, written: datetime) -> Trace | None:
    """Take what can be read at the beginning; a file that is not named as ours must say that it is."""
    found: dict[bytes, str] = {}
    for field, value in _FIELD.findall(content):
        found.setdefault(field, value.decode(errors="replace"))
    if not _names_session(name):
        # Its end may name audio that nothing else leads to: so it must not go without that.
        ours = found.get(b"format") == FORMAT
        return Trace(name, None, found.get(b"owner"), (), _NEVER) if ours else None
    return Trace(name, found.get(b"conversation_id"), found.get(b"owner"), (), written)


def _ended(loaded: dict[str, Any], written: datetime) -> datetime:
    if (ended := _time(loaded.get("ended_at"))) is not None:
        return ended
    audio, started = loaded.get("audio"), _time(loaded.get("started_at"))
    if started is None or not isinstance(audio, dict):
        return written
    samples, rate = audio.get("call_samples", audio.get("samples")), audio.get("rate")
    if loaded.get("state") == "recording" or not isinstance(samples, int) or not isinstance(rate, int):
        return written  # the length is known once its server has ended the recording, or mended it
    try:
        return started + timedelta(seconds=samples / rate)
    except (OverflowError, ZeroDivisionError):
        return written


def _time(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _names(values: Iterable[object]) -> Iterator[str]:
    # A sidecar may come from anywhere: what it names is beside it, and nowhere else.
    return (value for value in values if isinstance(value, str) and _NAME.fullmatch(value))


def is_at_work(directory: Path, trace: Trace) -> bool:
    """Tell whether a running process has still something to do for a recording, or may have."""
    if trace.owner is None:
        return False
    try:
        return is_owned(directory, trace.owner)
    except OSError:
        return True


def delete(directory: Path, names: Iterable[str], removed: Removed) -> None:
    """Delete files, and count them in `removed`; those that are gone by now do not matter.

    Raises:
        OSError: one of them cannot be deleted; those before it are.
    """
    for name in names:
        path = directory / name
        try:
            size = path.lstat().st_size
            path.unlink()
        except FileNotFoundError:
            continue
        removed.files += 1
        removed.bytes += size


def sync(directory: Path) -> None:
    """Have it on the disk that files are gone, before that is said."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
