"""The two files of one recording. Everything here blocks, and is for one thread at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from audiohook_fw import MediaFormat
from audiohook_fw.audio import ByteOrder

from .age import Recipients
from .age_spool import AgeSpool
from .files import claim, overwrite, replace
from .owner import Owner
from .spool import Spool, WavSpool

__all__ = ["Recording"]

logger = logging.getLogger(__name__)

_LOOK: Final = 4
"""Writes between two looks whether a WAV is still there: they cost nearly as much as a write."""


class Recording:
    """A file of audio and a JSON file of the same stem: the session id, numbered when it was there already.

    Both are valid at any moment, also after SIGKILL; while a WAV grows its header says that it goes to the
    end of the file. The sidecar is there first: audio without one is none of ours.

    Args:
        owner: whose recording it is while it is written.
        recipients: who can read the audio; `None`: it is a plain WAV.

    Attributes:
        name: the session id.
    """

    def __init__(
        self,
        directory: Path,
        session_id: str,
        media: MediaFormat,
        *,
        owner: Owner,
        byte_order: ByteOrder = "little",
        recipients: Recipients | None = None,
    ) -> None:
        self.name = session_id.lower()
        self._directory = directory
        self._owner = owner
        self._spool: Spool
        self._wav: WavSpool | None = None
        if recipients is None:
            self._spool = self._wav = WavSpool(media, byte_order=byte_order)
        else:
            self._spool = AgeSpool(media, recipients, byte_order=byte_order)
        self._path: Path | None = None
        self._writes = 0

    @property
    def begun(self) -> bool:
        """Whether there are files."""
        return self._path is not None

    @property
    def rest(self) -> float:
        """Seconds that are to lie between two writes, unless much waits."""
        return self._spool.rest

    @property
    def described(self) -> Mapping[str, Any]:
        """What the sidecar says of the format."""
        return self._spool.described

    @property
    def owner(self) -> str:
        """The token of the process that writes it."""
        return self._owner.token

    @property
    def file(self) -> str:
        """The audio's name; its stem is the sidecar's too."""
        return self._opened.name

    @property
    def stem(self) -> str:
        """What the names of both files begin with."""
        return self._opened.stem

    @property
    def samples(self) -> int:
        """How long the audio is."""
        return self._spool.samples

    def begin(self, sidecar: Callable[[str], str]) -> None:
        """Make both files.

        Args:
            sidecar: gives its content, for audio of that name.

        Raises:
            OSError: when the disk refuses; there is no file then.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        self._owner.hold()
        number = 1
        while self._path is None:
            stem = self.name if number == 1 else f"{self.name}-{number}"
            number += 1  # a retry with the same session id, or two keys with one id
            described = self._directory / f"{stem}.json"
            audio = self._directory / f"{stem}{self._spool.suffix}"
            try:
                claim(described, sidecar(audio.name))
            except FileExistsError:
                continue
            try:
                self._spool.begin(audio)
                self._path = audio
            except FileExistsError:  # somebody's, who has no sidecar
                described.unlink(missing_ok=True)
            except OSError:
                described.unlink(missing_ok=True)
                raise

    def write(self, pieces: list[bytes | int]) -> None:
        """Append audio (bytes) and silence (samples), taking away what is written.

        Raises:
            OSError: when the disk refuses; `pieces` is then what is not written.
        """
        self._writes += 1
        if self._writes % _LOOK == 0 or self._spool.rest:  # what is encrypted is written rarely
            self._restore()
        self._spool.write(pieces)

    @property
    def rewrites(self) -> bool:
        """Whether what is written can be overwritten: what is encrypted cannot."""
        return self._wav is not None

    def silence(self, channel: int, start: int, end: int) -> None:
        """Overwrite a stretch of one channel, in samples, as far as it is written.

        Raises:
            OSError: when the disk refuses; it may be done again. TypeError: it cannot be overwritten.
        """
        if self._wav is None:
            raise TypeError(f"{self.name} is encrypted, and cannot be overwritten")
        self._wav.silence(channel, start, end)

    def look(self) -> None:
        """See at the next write whether the files are still there."""
        self._writes = -1

    def save(self, sidecar: str, *, in_place: bool = False) -> None:
        """Write the sidecar in place of the one before; a reader sees either, never a half.

        Args:
            in_place: overwrite the file when there is no room for another, which a reader may see half done.
        """
        self._restore()
        path = self._opened.with_suffix(".json")
        try:
            replace(path, sidecar)
        except OSError:
            if not in_place:
                raise
            overwrite(path, sidecar)

    def complete(self) -> None:
        """Make the audio final; nothing more will come."""
        self._restore()
        self._spool.finish()

    def close(self) -> None:
        """Close the audio."""
        self._spool.close()

    def _restore(self) -> None:
        """Make the files anew when somebody took them away: the open audio still has all that was written."""
        if self._spool.is_in_place():
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        self._owner.hold()
        self._spool.restore()
        logger.warning("%s was taken away while it was written; it is there again", self.file)

    @property
    def _opened(self) -> Path:
        assert self._path is not None
        return self._path
