"""Finds what servers before this one have left behind in a directory. Blocks, perhaps for long.

Nothing of a running server is touched, and nothing that no recorder has made.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .document import Document, DocumentError
from .finishing import STORED
from .owner import Owner, is_owned, only_one
from .sidecar import FORMAT

__all__ = ["Swept", "sweep"]

logger = logging.getLogger(__name__)

_SESSION: Final = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_OURS: Final = re.compile(rf"\..*|{_SESSION}[.-].*|ledger\.jsonl.*", re.IGNORECASE)
_LEFTOVER: Final = re.compile(rf"\.?{_SESSION}[0-9a-z._-]*\.(?:tmp|part)|\.check-\w+", re.IGNORECASE)
_OWNER: Final = re.compile(rb'"owner":\s*"([^"]*)"')
_HEAD: Final = 512
"""Bytes of a sidecar that tell whose it is: directories may hold millions of them that are final."""
_HOUR: Final = 3600.0
_NAMED: Final = 3


class Names:
    """Files that something is to be said about: their number, and the names of a few."""

    def __init__(self) -> None:
        self.count = 0
        self.some: list[str] = []

    def add(self, name: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.some) < _NAMED:
            self.some.append(name)

    def __str__(self) -> str:
        more = f" and {self.count - _NAMED} more" if self.count > _NAMED else ""
        return ", ".join(self.some) + more


@dataclass(slots=True)
class Swept:
    """What was found.

    Attributes:
        adopted: recordings taken over. removed: temporary files. refused: files that the disk refused to look
            at, or to change. damaged: sidecars. foreign: files of others.
    """

    adopted: int = 0
    removed: int = 0
    refused: int = 0
    damaged: Names = field(default_factory=Names)
    foreign: Names = field(default_factory=Names)

    def report(self, directory: Path) -> None:
        """Write it into the log, where there is something to tell."""
        if self.adopted:
            logger.info("%d recordings that a server before this one left are finished now", self.adopted)
        if self.damaged.count:
            text = "%d sidecars in %s are damaged, and left as they are: %s"
            logger.error(text, self.damaged.count, directory, self.damaged)
        if self.foreign.count:
            text = "%d files in %s are none of the recorder's, and left alone: %s"
            logger.info(text, self.foreign.count, directory, self.foreign)
        if self.refused:
            logger.warning("%d files in %s cannot be looked at now", self.refused, directory)


def sweep(
    directory: Path,
    owner: Owner,
    adopt: Callable[[str], None],
    *,
    before: float,
    stopped: Callable[[], bool] = lambda: False,
) -> Swept:
    """Take over all recordings whose process is gone, and remove temporary files that it left.

    Args:
        adopt: gets the stem of each sidecar that belongs to `owner` from now on.
        before: wall time of this server's start; what is younger is its own. stopped: asked now and then.

    Raises:
        OSError: when the directory cannot be read.
    """
    owner.hold()
    swept = Swept()
    others = [token for token in _tokens(directory, owner) if is_owned(directory, token)]
    youngest = before - _HOUR if others else before
    alive: dict[str, bool] = {}
    with os.scandir(directory) as entries:
        for entry in entries:
            if stopped():
                break
            try:
                if not entry.is_file(follow_symlinks=False):
                    continue
                if _LEFTOVER.fullmatch(entry.name):
                    swept.removed += _remove(entry, youngest)
                elif entry.name.endswith(".json"):
                    _look(directory, entry.name, owner, adopt, alive, swept)
                elif not _OURS.fullmatch(entry.name):
                    swept.foreign.add(entry.name)
            except FileNotFoundError:  # somebody finished it meanwhile
                continue
            except OSError:
                swept.refused += 1
    return swept


def _tokens(directory: Path, owner: Owner) -> list[str]:
    found = (path.name.partition("-")[2] for path in directory.glob(".owner-*"))
    return [token for token in found if token != owner.token]


def _remove(entry: os.DirEntry[str], youngest: float) -> int:
    if entry.stat(follow_symlinks=False).st_mtime >= min(youngest, time.time()):
        return 0
    Path(entry.path).unlink(missing_ok=True)
    return 1


def _look(
    directory: Path,
    name: str,
    owner: Owner,
    adopt: Callable[[str], None],
    alive: dict[str, bool],
    swept: Swept,
) -> None:
    path = directory / name
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if FORMAT.encode() not in head:
        (swept.damaged if _OURS.fullmatch(name) else swept.foreign).add(name)
        return
    if (found := _OWNER.search(head)) is None:
        return
    token = found[1].decode(errors="replace")
    if token == owner.token:
        return
    if token not in alive:
        alive[token] = is_owned(directory, token)
    if alive[token]:
        return
    try:
        if name.endswith(STORED):
            adopt(name.removesuffix(STORED))
        elif _adopt(path, owner):
            swept.adopted += 1
            adopt(name.removesuffix(".json"))
    except DocumentError:
        swept.damaged.add(name)


def _adopt(path: Path, owner: Owner) -> bool:
    """Make a sidecar say that it is ours; of several servers that start at once, one does."""
    with only_one(path.parent):
        document = Document.read(path)
        if document.owner is None or is_owned(path.parent, document.owner):
            return False
        document.owned_by(owner.token).save(path)
    return True
