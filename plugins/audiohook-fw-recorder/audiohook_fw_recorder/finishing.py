"""All that is done for one recording when its call is over. Everything here blocks.

Each step may be the last one before the process is killed: done again from the beginning, it comes to the
same end.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audiohook_fw import AudiohookError, RecordingFinished

from .announcing import recording_finished
from .document import Document, DocumentError
from .mend import MendError, mend
from .owner import Owner
from .product import digested, finish_locally
from .settings import RecorderSettings
from .store import Store
from .upload import ChangedError, Uploaded, upload

__all__ = ["STORED", "Finishing", "LostError", "Ready"]

logger = logging.getLogger(__name__)

STORED: Final = ".stored.json"
"""How the name of a sidecar ends once the store has the recording: what it names is to be deleted here."""


class LostError(AudiohookError):
    """A recording cannot be finished, however often that is tried; says why.

    Attributes:
        kind: a word for metrics.
    """

    def __init__(self, kind: str, problem: str) -> None:
        self.kind = kind
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class Ready:
    """A recording that is where it stays; only that has to be noted.

    Attributes:
        document: its sidecar. uploaded: what the store has of it, if there is one.
    """

    stem: str
    document: Document
    uploaded: Uploaded | None


class Finishing:
    """Finishes recordings of a directory; for many threads at once, each with another recording.

    Args:
        store: where they go; `None`: they stay.
    """

    def __init__(self, settings: RecorderSettings, owner: Owner, store: Store | None) -> None:
        self._directory: Final = settings.directory
        self._settings: Final = settings
        self._owner: Final = owner
        self._store: Final = store
        self._converting: Final = threading.Lock()  # one at a time: calls need the processor more

    def prepare(
        self, stem: str, *, uploaded: Uploaded | None = None, go_on: Callable[[], None] = lambda: None
    ) -> Ready | None:
        """Mend, convert and upload, as far as there is need; `complete` is what is left.

        What is not of this process, or not there, is left alone: `None`.

        Args:
            stem: of the sidecar. uploaded: what this gave before, for the same recording.
            go_on: called between two steps; may raise.

        Raises:
            LostError: there is no sense in trying again; the recording belongs to nobody any more.
            StoreError: the store failed. OSError, FormatMissingError: something here did.
        """
        sidecar = self._directory / f"{stem}.json"
        self._clean_up(stem)
        try:
            document = Document.read(sidecar)
        except FileNotFoundError:
            self._see_that_it_is_here()
            return None
        if document.owner != self._owner.token:
            return None
        try:
            document = self._locally(sidecar, document, go_on)
            if self._store is not None and uploaded is None:
                document = self._settled(sidecar, document)
                uploaded = upload(self._store, self._directory, stem, document, go_on=go_on)
        except FileNotFoundError as error:
            self._see_that_it_is_here()
            if not sidecar.exists():  # erased meanwhile
                return None
            self._give_up(sidecar, document)
            raise LostError("missing", f"{Path(error.filename or '').name} is missing") from None
        except (MendError, ChangedError) as error:
            self._give_up(sidecar, document)
            raise LostError("damaged", str(error)) from None
        return Ready(stem, document, uploaded)

    def complete(self, ready: Ready) -> bool:
        """Note that nothing is left to do, and delete here what the store has; false: it is gone by now.

        Raises:
            OSError: the disk refuses; it may be tried again.
        """
        sidecar = self._directory / f"{ready.stem}.json"
        if not sidecar.exists():
            self._see_that_it_is_here()
        if self._store is None or ready.uploaded is None:
            if not sidecar.exists():
                return False
            ready.document.owned_by(None).save(sidecar)
            return True
        try:
            sidecar.rename(self._directory / f"{ready.stem}{STORED}")  # needs no room on the disk
        except FileNotFoundError:
            self._store.delete(ready.uploaded.written)  # there, too
            return False
        self._clean_up(ready.stem)
        return True

    def keep(self, ready: Ready) -> None:
        """Note what was done here, so that it is not done again when the rest has to wait."""
        sidecar = self._directory / f"{ready.stem}.json"
        try:
            if Document.read(sidecar) != ready.document:
                ready.document.save(sidecar)
        except (OSError, DocumentError):  # then it is done again
            logger.debug("%s stays as it is", sidecar.name)

    def finished(self, ready: Ready) -> RecordingFinished:
        """Return what is to be announced of it."""
        if self._store is None or ready.uploaded is None:
            files = [file.name for file in ready.document.audio.files]
            urls = [(self._directory / name).absolute().as_uri() for name in (*files, f"{ready.stem}.json")]
        else:
            urls = [f"{self._store.url.rstrip('/')}/{key}" for key in ready.uploaded.keys]
        return recording_finished(ready.document, self._directory, ready.stem, urls)

    def _locally(self, sidecar: Path, document: Document, go_on: Callable[[], None]) -> Document:
        if document.state == "recording":
            document = mend(self._directory, document)
            document.save(sidecar)
        go_on()
        if self._settings.wanted.plain and not document.leftovers:
            return document
        with self._converting:
            return finish_locally(self._directory, document, self._settings)

    def _settled(self, sidecar: Path, document: Document) -> Document:
        """Have the sidecar tell what goes to the store, before it does.

        A next start with other settings goes on with these files: others would come to lie beside them.
        """
        if not all(file.sha256 for file in document.audio.files):
            document = digested(self._directory, document)
        try:
            if Document.read(sidecar) != document:
                document.save(sidecar)
        except FileNotFoundError:  # erased meanwhile
            raise
        except OSError:  # a disk that is full: what goes to the store makes room
            logger.debug("%s is uploaded as it is", sidecar.name)
        return document

    def _clean_up(self, stem: str) -> None:
        """Delete what the store has; nothing of a later recording that has the same name."""
        mark = self._directory / f"{stem}{STORED}"
        try:
            document = Document.read(mark)
        except FileNotFoundError:
            return
        later = self._named(self._directory / f"{stem}.json")
        for file in document.audio.files:
            if file.name not in later:
                (self._directory / file.name).unlink(missing_ok=True)
        mark.unlink(missing_ok=True)

    def _named(self, sidecar: Path) -> set[str]:
        """Return the files that a sidecar, if there is one, speaks of."""
        try:
            document = Document.read(sidecar)
        except FileNotFoundError:
            return set()
        return {*document.leftovers, *(file.name for file in document.audio.files)}

    def _give_up(self, sidecar: Path, document: Document) -> None:
        """Let it belong to nobody, so that it can be verified, and erased; it says what happened to it."""
        errors = {**document.errors, "finish": document.errors.get("finish", 0) + 1}
        document.owned_by(None).model_copy(update={"errors": errors}).save(sidecar)

    def _see_that_it_is_here(self) -> None:
        """Raise when the directory is gone, or another one: what is missing then may come back with it."""
        if not self._owner.is_here():
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(self._directory))
