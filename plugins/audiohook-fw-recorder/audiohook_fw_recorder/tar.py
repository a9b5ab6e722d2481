"""A tar archive that grows, and can be read by any `tar` at any moment. Everything here blocks."""

from __future__ import annotations

import contextlib
import errno
import os
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

__all__ = ["Member", "TarWriter", "members", "mend"]

_BLOCK: Final = tarfile.BLOCKSIZE
_COPIED: Final = 1 << 20  # bytes copied at once
_END: Final = bytes(2 * _BLOCK)
"""What ends an archive; the next member takes its place."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive: its name, and where its content is."""

    name: str
    offset: int
    size: int

    @property
    def end(self) -> int:
        """Where the next member begins."""
        return self.offset + _padded(self.size)


class TarWriter:
    """Makes a new archive, and appends to it.

    A killed process leaves every member whose `append` had returned, and perhaps a part of one more:
    `members` leaves that out, and `mend` takes it away.

    Raises:
        FileExistsError: there is a file of that name; it stays as it is.
        OSError: when the disk refuses; there is no file then.
    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._end = 0
        self._fd = _create(path, None, 0)

    def append(self, name: str, content: bytes) -> None:
        """Append a file.

        Raises:
            OSError: when the disk refuses; the archive is as it was before.
        """
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = len(content), 0o600, int(time.time())
        padding = bytes(_padded(len(content)) - len(content))
        member = b"".join((info.tobuf(tarfile.USTAR_FORMAT), content, padding))
        try:
            _write_at(self._fd, member + _END, self._end)
        except OSError:
            with contextlib.suppress(OSError):  # without its end mark, which every tar does without
                os.ftruncate(self._fd, self._end)
            raise
        self._end += len(member)

    def is_in_place(self) -> bool:
        """Tell whether the file is still there under its name; raises `OSError` when that cannot be told."""
        here = os.fstat(self._fd)
        try:
            there = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)

    def restore(self) -> None:
        """Write the file anew under its name: somebody took it away, but what is open still has it all.

        Raises:
            FileExistsError: the name has another file now.
            OSError: the disk refuses; nothing is left of the new file.
        """
        new = _create(self.path, self._fd, self._end)
        self.close()
        self._fd = new

    def close(self) -> None:
        """Close the file; it was complete before."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def _create(path: Path, source: int | None, size: int) -> int:
    """Return a new archive, with so many bytes of another one."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        at = 0
        while source is not None and at < size:
            piece = os.pread(source, min(_COPIED, size - at), at)
            if not piece:
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
            _write_at(descriptor, piece, at)
            at += len(piece)
        _write_at(descriptor, _END, at)
    except BaseException:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise
    return descriptor


def members(file: BinaryIO) -> Iterator[Member]:
    """Yield the whole members of an archive in their order; a last one that was cut off is none.

    Raises:
        ValueError: when there is something else in between; says where.
    """
    size = os.fstat(file.fileno()).st_size
    place = 0
    while place + _BLOCK <= size:
        file.seek(place)
        block = file.read(_BLOCK)
        if not any(block):
            return
        try:
            info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
        except (tarfile.HeaderError, UnicodeDecodeError):
            raise ValueError(f"there is no member of an archive at byte {place}") from None
        member = Member(info.name, place + _BLOCK, info.size)
        if not info.isreg() or info.size < 0:
            raise ValueError(f"there is no plain file in the archive at byte {place}")
        if member.end > size:
            return
        yield member
        place = member.end


def mend(path: Path) -> list[Member]:
    """Take away a last member that was cut off, and return those that are whole.

    Raises:
        ValueError: as `members`; the file stays as it is. OSError: when the disk refuses.
    """
    with path.open("r+b") as file:
        whole = list(members(file))
        end = whole[-1].end if whole else 0
        file.seek(end)
        if file.read() != _END:
            os.ftruncate(file.fileno(), end)
            _write_at(file.fileno(), _END, end)
    return whole


def _padded(size: int) -> int:
    return size + -size % _BLOCK


def _write_at(fd: int, data: bytes, offset: int) -> None:
    written = os.pwrite(fd, data, offset)
    while written < len(data):  # a write may be cut short when the disk fills up
        written += os.pwrite(fd, memoryview(data)[written:], offset + written)
