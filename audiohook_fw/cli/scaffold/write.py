"""`write`: put the files of a distribution where they belong, all of them or none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["NotEmptyError", "write"]


class NotEmptyError(Exception):
    """Raised when there is something already where a distribution was to go."""


def write(files: Mapping[str, str], directory: Path) -> None:
    """Write files, by their paths, into a directory that does not exist yet or is empty.

    They are written beside it and moved at once: what fails leaves nothing behind.

    Raises:
        NotEmptyError: there is something already.
        OSError: the disk refuses.
    """
    if directory.is_symlink() or (directory.exists() and not _is_empty(directory)):
        raise NotEmptyError
    made = _make_parents(directory.parent)
    try:
        draft = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
        try:
            draft.chmod(0o777 & ~_umask(draft))
            for name, text in files.items():
                path = draft / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            draft.replace(directory)  # takes the place of an empty directory, and of nothing else
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    except BaseException:
        for folder in made:
            folder.rmdir()
        raise


def _is_empty(directory: Path) -> bool:
    return directory.is_dir() and not any(directory.iterdir())


def _make_parents(directory: Path) -> list[Path]:
    """Make a directory and those above it; return the ones made, the innermost first."""
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    return missing


def _umask(directory: Path) -> int:
    """Return which permissions this user's files do not get, without changing it for other threads."""
    probe = directory / ".probe"
    probe.mkdir()
    try:
        return 0o777 & ~probe.stat().st_mode
    finally:
        probe.rmdir()
