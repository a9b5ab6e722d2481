"""Where recordings are: a directory of this machine. Reads only, and nothing outside of it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from audiohook_fw import AudiohookError

from ..document import AudioFile, Document
from ..files import TEMPORARY
from ..ledger import LEDGER, LedgerState, check_ledger
from ..owner import is_owned

__all__ = [
    "MOST_BYTES",
    "SIDECAR",
    "Folder",
    "MissingError",
    "NoSidecarError",
    "Place",
    "PlaceError",
    "StoreFailedError",
    "opened",
]

SIDECAR: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,199}\.json")
"""How sidecars are named."""

STORED: Final = ".stored.json"
"""How sidecars are named whose recording the store has, while the files here are being removed."""

MOST_BYTES: Final = 64 << 20
"""What a sidecar may hold: 5,000 events and as many gaps are a fiftieth of it."""


class PlaceError(AudiohookError):
    """Recordings cannot be looked at; says where, and what to do."""


class MissingError(PlaceError):
    """A file is not there, or not any more."""


class NoSidecarError(PlaceError):
    """This is no sidecar, whatever its name says."""


class StoreFailedError(PlaceError):
    """A store cannot be listed; what is elsewhere is looked at all the same."""


class Place(Protocol):
    """Where a recording's files are."""

    @property
    def label(self) -> str:
        """Return what people call it."""

    @property
    def whole(self) -> bool:
        """Tell whether all that is there is meant, and not files that were named."""

    def names(self) -> list[str]:
        """Return the names of all files that may be sidecars, in order."""

    def others(self) -> list[str]:
        """Return the names of all other files, in order, but those that the recorder uses itself."""

    def content(self, name: str) -> bytes:
        """Return a sidecar's content.

        Raises:
            MissingError: when it is gone. NoSidecarError: when it is none.
            PlaceError, OSError: when it cannot be read.
        """

    def size(self, name: str, file: AudioFile) -> int | None:
        """Return the bytes of a file of audio; nothing when it is not there."""

    def audio(self, name: str, document: Document) -> AbstractContextManager[Path]:
        """Have the audio of a recording, whose sidecar has that name, in a directory for a while."""

    def runs(self, document: Document) -> bool:
        """Tell whether a process is at work on that recording."""

    def ledger(self) -> LedgerState | None:
        """Read the ledger of what was deleted here; nothing when there is none. Raises `OSError`."""


class Folder:
    """A directory; `only` names the sidecars that are asked for."""

    def __init__(self, path: Path, *, only: list[str] | None = None) -> None:
        self.path: Final = path
        self._only = only

    @property
    def label(self) -> str:
        """Return its path."""
        return str(self.path)

    @property
    def whole(self) -> bool:
        """Tell whether no files were named."""
        return self._only is None

    def names(self) -> list[str]:
        """Return the names of all files that may be sidecars.

        Raises:
            OSError: when the directory cannot be read.
        """
        if self._only is not None:
            return self._only
        names = (n for n in self._entries() if SIDECAR.fullmatch(n) and not n.endswith(STORED))
        return sorted(names, key=lambda name: name.removesuffix(".json"))  # the first before its "-2"

    def others(self) -> list[str]:
        """Return the names of all other files that are visible and whole."""
        return sorted(
            name
            for name in self._entries()
            if not (
                SIDECAR.fullmatch(name) or name.startswith(".") or name.endswith(TEMPORARY) or name == LEDGER
            )
        )

    def content(self, name: str) -> bytes:
        """Return a sidecar's content.

        Raises:
            MissingError: when it is gone. NoSidecarError: when it is none.
            PlaceError, OSError: when it cannot be read.
        """
        with opened(self.path / name) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MOST_BYTES:
                raise NoSidecarError(f"{name}: this is too much for a sidecar")
            return file.read(size)

    def size(self, name: str, file: AudioFile) -> int | None:
        """Return the bytes of a file of audio; nothing when it is not there."""
        try:
            status = os.lstat(self.path / file.name)
        except OSError:
            return None
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    def audio(self, name: str, document: Document) -> AbstractContextManager[Path]:
        """Return the directory itself."""
        return nullcontext(self.path)

    def runs(self, document: Document) -> bool:
        """Tell whether a process is at work on that recording; one that may not be asked is."""
        if document.owner is None:
            return False
        try:
            return is_owned(self.path, document.owner)
        except OSError:
            return True

    def ledger(self) -> LedgerState | None:
        """Read the ledger of what was deleted here; nothing when there is none.

        Raises:
            PlaceError: when it is a link, or no regular file. OSError: when it cannot be read.
        """
        try:
            opened(self.path / LEDGER).close()
        except MissingError:
            return None
        return check_ledger(self.path)

    def _entries(self) -> Iterator[str]:
        with os.scandir(self.path) as entries:
            yield from (entry.name for entry in entries)


def opened(path: Path) -> BinaryIO:
    """Open a file of a directory of recordings, if it is a regular one and no link to elsewhere.

    Raises:
        PlaceError: when it is missing, or something else, such as a link or a pipe. OSError: else.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise MissingError(f"{path.name}: this file is missing") from error
    except OSError as error:
        if path.is_symlink():
            raise NoSidecarError(f"{path.name}: this is a link, and links are not followed") from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NoSidecarError(f"{path.name}: this is no regular file")
    return os.fdopen(descriptor, "rb")
