"""Which process a recording belongs to: a lock that ends with the process, however that ends."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["Owner", "is_owned", "only_one"]

_PREFIX: Final = ".owner-"
_TURN: Final = ".turn"
_TOKEN: Final = re.compile(r"[0-9a-f]{16}")


class Owner:
    """Holds a locked file `.owner-TOKEN` in a directory of recordings; for many threads.

    The sidecar of a recording names the token until nothing is left to do for it. So a server that starts
    knows which recordings another one, killed, has left behind, and lets those of a running one alone.

    Attributes:
        token: 16 hexadecimal digits.
    """

    def __init__(self, directory: Path) -> None:
        self.token: Final = secrets.token_hex(8)
        self._path: Final = directory / (_PREFIX + self.token)
        self._lock: Final = threading.Lock()
        self._descriptor = -1

    def hold(self) -> None:
        """Lock the file; make it anew when somebody took it away.

        Raises:
            OSError: when that cannot be done.
        """
        with self._lock:
            self._hold()

    def is_here(self) -> bool:
        """Tell whether the file is there: else the directory is not the one it was."""
        return self._path.exists()

    def release(self) -> None:
        """Give up the lock, and remove the file; what still names the token is an orphan from now on."""
        with self._lock:
            if self._descriptor >= 0:
                self._path.unlink(missing_ok=True)
                self._close()

    def _hold(self) -> None:
        if self._descriptor >= 0:
            if self._path.exists():
                return
            self._close()
        while self._descriptor < 0:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)  # those who look hold it for a moment
                if os.fstat(descriptor).st_nlink:  # else one who looked took it for a dead one's, and away
                    self._descriptor = descriptor
            finally:
                if self._descriptor != descriptor:
                    os.close(descriptor)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)


@contextmanager
def only_one(directory: Path) -> Iterator[None]:
    """Wait until no other process is in this block, for the same directory; for moments only (blocking).

    Raises:
        OSError: when the lock's file cannot be made.
    """
    descriptor = os.open(directory / _TURN, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_owned(directory: Path, token: str) -> bool:
    """Tell whether a running process, perhaps this one, holds that token.

    The file of one that is gone is removed.

    Raises:
        OSError: when the file is there and cannot be looked at; it may be owned.
    """
    if not _TOKEN.fullmatch(token):
        return False
    path = directory / (_PREFIX + token)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: others may look at the same time
    except BlockingIOError:
        return True
    else:
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(descriptor)
