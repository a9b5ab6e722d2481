"""Which recordings are meant: all of a place, those of a file or directory, or those of an id."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from ..document import Document, DocumentError
from .output import said, warn
from .places import SIDECAR, Folder, MissingError, NoSidecarError, Place, PlaceError, StoreFailedError

__all__ = ["Found", "Kind", "Selection", "select"]

_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,199}")
_NUMBER: Final = re.compile(r"-[0-9]+$")  # of a second recording of a session


class Kind(StrEnum):
    """What a file is that may be a sidecar."""

    RECORDING = "recording"
    DAMAGED = "damaged"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Found:
    """A sidecar, or what is in its place.

    Attributes:
        name: of the file. document: its content, when it is the sidecar of a recording.
        problem: why it is none, or none that can be used.
    """

    place: Place
    name: str
    kind: Kind
    document: Document | None = None
    problem: str = ""

    @property
    def stem(self) -> str:
        """Return the recording's name."""
        return self.name.rpartition("/")[2].removesuffix(".json")

    @property
    def recording(self) -> Document:
        """Return the document; raises `PlaceError` when there is none."""
        if self.document is None:
            raise PlaceError(self.problem)
        return self.document


class Selection:
    """The recordings that were asked for.

    Attributes:
        total: how many files are looked at.
        wholes: the places of which all is meant.
    """

    def __init__(self, places: Sequence[Place], ids: Sequence[str], parts: Sequence[Place]) -> None:
        self._ids = {word.lower(): word for word in ids}
        self._failures: list[str] = []
        self._searched = list(self._listed(places))
        searched = [place for place, _ in self._searched]
        self.wholes = [*(part for part in parts if part.whole), *(() if ids else searched)]
        self._named = [(place, place.names()) for place in parts]
        self.total = sum(len(names) for _, names in (*self._searched, *self._named))

    def __iter__(self) -> Iterator[Found]:
        """Yield what is found, one file at a time.

        Raises:
            PlaceError: at the end, when there is nothing of an id that was given, or a store failed.
        """
        for place, names in self._named:
            for name in names:
                found = look(place, name)
                if found is not None and found.kind is Kind.FOREIGN and not place.whole:
                    found = replace(found, kind=Kind.DAMAGED)  # it was said to be a recording
                if found is not None:
                    yield found
        missing = dict(self._ids)
        for place, names in self._searched:
            for name in names:
                found, answers = _search(place, name, self._ids)
                for word in answers:
                    missing.pop(word, None)
                if found is not None and (answers or not self._ids):
                    yield found
        problems = list(self._failures)
        if missing:
            labels = ", ".join(place.label for place, _ in self._searched) or "any other place"
            words = ", ".join(missing.values())
            problems.append(
                f"there is no recording of {words} in {labels}: give the id of a session or "
                "conversation, or the path of a file or directory"
            )
        if problems:
            raise PlaceError("; ".join(problems))

    def _listed(self, places: Sequence[Place]) -> Iterator[tuple[Place, list[str]]]:
        for place in places:
            try:
                yield place, place.names()
            except StoreFailedError as error:
                self._failures.append(str(error))


def look(place: Place, name: str) -> Found | None:
    """Return what a file is that may be a sidecar; nothing when it is gone by now."""
    try:
        content = place.content(name)
    except MissingError:
        return None
    except NoSidecarError as error:
        return Found(place, name, Kind.FOREIGN, problem=str(error))
    except PlaceError as error:  # of a store that fails: whatever it is, nobody can say that it is whole
        return Found(place, name, Kind.DAMAGED, problem=str(error))
    except OSError as error:
        return Found(place, name, Kind.DAMAGED, problem=f"{name}: {error.strerror or type(error).__name__}")
    return _parsed(place, name, content)


def select(words: Sequence[str], places: Callable[[], Sequence[Place]]) -> Selection:
    """Return the recordings that words of the command line ask for: ids, files and directories.

    Args:
        places: gives those where ids are looked for, and which are meant without any word.

    Raises:
        PlaceError: when there is no such file or directory, or a word is no id.
        OSError: when a directory cannot be read.
    """
    ids: list[str] = []
    parts: list[Place] = []
    for word in words:
        path = Path(word)
        if not word or (os.sep not in word and not os.path.exists(word)):
            if not _ID.fullmatch(word):
                raise PlaceError(f"{word!r} is no id, and no file or directory")
            ids.append(word)
        elif path.is_dir():
            parts.append(Folder(path))
        else:
            parts.append(Folder(path.parent, only=[_sidecar(path)]))
    searched = places() if ids or not words else []
    return Selection(searched, ids, parts)


def _sidecar(path: Path) -> str:
    """Return the name of the sidecar of a file, which may be the sidecar or audio."""
    if not os.path.exists(path):  # unlike `Path.exists`, also for names that are too long
        raise PlaceError(f"{path}: there is no such file or directory")
    name = path.name
    while (stem := name.rpartition(".")[0]) and not SIDECAR.fullmatch(name):
        name = stem
        if (path.parent / f"{name}.json").exists():
            return f"{name}.json"
    if not SIDECAR.fullmatch(name):
        raise PlaceError(f"{path}: there is no sidecar beside it, so it is no recording")
    return name


def _search(place: Place, name: str, ids: dict[str, str]) -> tuple[Found | None, set[str]]:
    if not ids:
        return look(place, name), set()
    try:
        content = place.content(name)
    except (MissingError, NoSidecarError):
        return None, set()
    except (OSError, PlaceError) as error:
        warn(f"{said(error)}; it is not searched")
        return None, set()
    lower = content.lower()
    likely = {
        word for word in ids if name.rpartition("/")[2].lower().startswith(word) or word.encode() in lower
    }
    if not likely:  # nearly always, and much cheaper than to parse it
        return None, set()
    found = _parsed(place, name, content)
    own = {found.stem.lower(), _NUMBER.sub("", found.stem.lower())}
    if found.document is not None:
        own |= {found.document.session_id.lower(), found.document.conversation_id.lower()}
    return found, likely & own


def _parsed(place: Place, name: str, content: bytes) -> Found:
    try:
        return Found(place, name, Kind.RECORDING, Document.parse(content, name))
    except DocumentError as error:
        kind = Kind.FOREIGN if _is_foreign(content) else Kind.DAMAGED
        return Found(place, name, kind, problem=str(error))


def _is_foreign(content: bytes) -> bool:
    """Tell JSON of somebody else from a sidecar that is damaged."""
    try:
        loaded = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return not (isinstance(loaded, dict) and str(loaded.get("format", "")).startswith("audiohook-recording/"))
