"""Recordings that are in an object store: sidecars are read there, audio is fetched for a moment."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ..document import AudioFile, Document
from ..failures import failure_advice
from ..ledger import LedgerState
from ..store import Store, StoreError
from .output import waiting
from .places import MOST_BYTES, SIDECAR, MissingError, NoSidecarError, PlaceError, StoreFailedError

__all__ = ["Bucket"]


class Bucket:
    """The store of the settings. Names of sidecars are keys here.

    Audio is fetched into a temporary directory of this machine (`TMPDIR`), one recording at a time.
    """

    whole: Final = True

    def __init__(self, store: Store, patient: Store | None = None) -> None:
        """Take a store for what is small, and perhaps another one for audio, which takes longer."""
        self._store = store
        self._patient = patient or store
        self._sizes: dict[str, int] = {}
        self._listed = False

    @property
    def label(self) -> str:
        """Return its address."""
        return self._store.url

    def names(self) -> list[str]:
        """Return the keys of all objects that may be sidecars; raises `StoreFailedError`."""
        self._list()
        names = (key for key in self._sizes if SIDECAR.fullmatch(key.rpartition("/")[2]))
        return sorted(names, key=lambda key: key.removesuffix(".json"))

    def others(self) -> list[str]:
        """Return the keys of all other objects; raises `PlaceError`."""
        self._list()
        return sorted(key for key in self._sizes if not SIDECAR.fullmatch(key.rpartition("/")[2]))

    def content(self, name: str) -> bytes:
        """Return a sidecar's content; raises `PlaceError`, and `MissingError` when it is gone."""
        if self._sizes.get(name, 0) > MOST_BYTES:
            raise NoSidecarError(f"{name}: this is too much for a sidecar")
        with self._told(name):
            return self._store.read(name)

    def size(self, name: str, file: AudioFile) -> int | None:
        """Return the bytes of a file of audio; nothing when it is not there."""
        return self._sizes.get(_beside(name, file))

    @contextmanager
    def audio(self, name: str, document: Document) -> Iterator[Path]:
        """Fetch the audio of a recording into a directory that goes with the context."""
        with tempfile.TemporaryDirectory(prefix="audiohook-") as directory:
            for file in document.audio.files:
                key = _beside(name, file)
                with self._told(key):
                    self._patient.download(key, Path(directory) / file.name)
            yield Path(directory)

    def runs(self, document: Document) -> bool:
        """Tell that nobody is at work there: what is in the store is finished."""
        return False

    def ledger(self) -> LedgerState | None:
        """Tell that there is none: it is in the directory."""
        return None

    def _list(self) -> None:
        if not self._listed:
            try:
                with waiting(self.label):
                    self._sizes = {stored.key: stored.size for stored in self._store.objects()}
            except (StoreError, FileNotFoundError) as error:
                kind = error.kind if isinstance(error, StoreError) else "not_found"
                advice = failure_advice(kind)
                raise StoreFailedError(
                    f"{self.label} cannot be listed ({kind}): {advice} in plugins.recorder"
                ) from error
            self._listed = True

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise MissingError(f"{key}: this object is missing") from error
        except StoreError as error:
            raise PlaceError(f"{key}: {self.label} does not give it: {error.kind}") from error


def _beside(name: str, file: AudioFile) -> str:
    folder, slash, _ = name.rpartition("/")
    return folder + slash + file.name
