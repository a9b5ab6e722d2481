"""Brings one recording into the store: its audio first, then the sidecar that speaks of it. Blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from audiohook_fw import AudiohookError

from .digest import Digest
from .document import AudioFile, Document, DocumentError
from .store import Store, StoreError

__all__ = ["ChangedError", "Uploaded", "upload"]

_Item = tuple[str, Path | bytes, Digest]


class ChangedError(AudiohookError):
    """A file is not what its sidecar says; says which."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What the store has now: its keys, and those that were written for it just now, and their bytes."""

    keys: tuple[str, ...]
    written: tuple[str, ...]
    bytes: int


def upload(
    store: Store, directory: Path, stem: str, document: Document, *, go_on: Callable[[], None] = lambda: None
) -> Uploaded:
    """Upload a recording and see that all of it arrived, exactly once however often this is done.

    A recording whose names are taken by another one, of another server, gets the next number.

    Args:
        stem: of its sidecar. go_on: called between two steps; may raise.

    Raises:
        StoreError: the store failed. ChangedError: a file is damaged. OSError: one cannot be read.
    """
    digests = [_digest(directory, file) for file in document.audio.files]
    for number in count(1):
        items = list(_items(store, directory, _Names(stem, number), document, digests))
        written = _place(store, items, go_on)
        if written is not None:
            size = sum(digest.size for key, _, digest in items if key in written)
            return Uploaded(tuple(key for key, _, _ in items), tuple(written), size)
    raise AssertionError("there is always a next number")


@dataclass(frozen=True, slots=True)
class _Names:
    """How files of a stem are called in the store."""

    stem: str
    number: int

    def of(self, name: str) -> str:
        if self.number == 1:
            return name
        rest: Final = name.removeprefix(self.stem)
        return f"{self.stem}-{self.number}{rest}" if rest != name else f"{self.number}-{name}"


def _digest(directory: Path, file: AudioFile) -> Digest:
    digest = Digest.of(directory / file.name)
    if (file.sha256 or digest.sha256) != digest.sha256:
        raise ChangedError(f"{file.name} is not what its sidecar says")
    return digest


def _items(
    store: Store, directory: Path, names: _Names, document: Document, digests: list[Digest]
) -> list[_Item]:
    """Return what is to be in the store, the sidecar last."""
    items: list[_Item] = []
    files = []
    for file, digest in zip(document.audio.files, digests, strict=True):
        name = names.of(file.name)
        files.append(file.model_copy(update={"name": name, "size": digest.size, "sha256": digest.sha256}))
        items.append((store.key(document.conversation_id, name), directory / file.name, digest))
    audio = document.audio.model_copy(update={"files": files})
    sidecar = document.owned_by(None).model_copy(update={"audio": audio, "leftovers": []}).text().encode()
    key = store.key(document.conversation_id, names.of(f"{names.stem}.json"))
    return [*items, (key, sidecar, Digest.of(sidecar))]


def _place(store: Store, items: list[_Item], go_on: Callable[[], None]) -> list[str] | None:
    """Write what is not there yet; return its keys, or `None` when another recording has one of the names."""
    written: list[str] = []
    ours: list[str] = []
    for key, content, digest in items:
        go_on()
        if store.put(key, content, digest):
            written.append(key)
        elif (there := store.has(key, digest)) is None:
            raise StoreError("gone")
        elif not there:
            _withdraw(store, items[-1][0], ours, written)
            return None
        ours.append(key)
    return written


def _withdraw(store: Store, sidecar: str, ours: list[str], written: list[str]) -> None:
    """Delete what was written beside another recording, by an attempt that was killed, too."""
    try:
        others = {file.name for file in Document.parse(store.read(sidecar), sidecar).audio.files}
    except (FileNotFoundError, DocumentError):  # what was there before may be another's, who is not done
        store.delete(written)
        return
    store.delete([key for key in ours if key.rpartition("/")[2] not in others])
