"""Small files, written whole: a reader sees the old or the new one, never a half. All of this blocks."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

__all__ = ["TEMPORARY", "claim", "overwrite", "replace"]

_BLOCK: Final = 4096

TEMPORARY: Final = ".tmp"
"""How the names of files end that are not whole yet; what a killed server leaves of them is of no use."""


def replace(path: Path, text: str) -> None:
    """Write a file, in place of the one before; for the owner only, as recordings are personal data."""
    try:
        _replace(path, text)
    except FileNotFoundError:  # a sweep took the new file for what a killed server had left under its name
        _replace(path, text)


def claim(path: Path, text: str) -> None:
    """Write a file of a name that nobody has.

    Raises:
        FileExistsError: the name is taken; that file stays as it is, and so does what replaces it right now.
    """
    if path.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    temporary = _write(path, text)
    try:
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links: as near to it as there is
            if path.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def overwrite(path: Path, text: str) -> None:
    """Write into a file that is there, for a disk without room: as far as its last block goes.

    Raises:
        OSError: the file is as it was.
    """
    content = (text + "\n").encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        if len(content) > -(-os.fstat(descriptor).st_size // _BLOCK) * _BLOCK:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.pwrite(descriptor, content, 0)
        os.ftruncate(descriptor, len(content))
    finally:
        os.close(descriptor)


def _replace(path: Path, text: str) -> None:
    temporary = _write(path, text)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _write(path: Path, text: str) -> Path:
    temporary = path.with_name(path.name + TEMPORARY)
    temporary.unlink(missing_ok=True)  # it may be the file itself, if `claim` was killed after its link
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary
