"""The two files of one recording. Everything here blocks, and is for one thread at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

from audiohook_fw import MediaFormat
from audiohook_fw.audio import ByteOrder, WavWriter

from .files import claim, replace
from .owner import Owner

__all__ = ["Recording"]

logger = logging.getLogger(__name__)

_LOOK: Final = 16
"""Writes between two looks whether the files are still there: it is a system call as dear as a write."""


class Recording:
    """A WAV and a JSON file of the same stem: the session id, numbered when it was there already.

    Both are valid at any moment, also after SIGKILL; while the WAV grows its header says that it goes to the
    end of the file. The sidecar is there first: a WAV without one is none of ours.

    Args:
        owner: whose recording it is while it is written.

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
    ) -> None:
        self.name = session_id.lower()
        self._directory = directory
        self._media = media
        self._owner = owner
        self._byte_order: ByteOrder = byte_order
        self._wav: WavWriter | None = None
        self._writes = 0

    @property
    def begun(self) -> bool:
        """Whether there are files."""
        return self._wav is not None

    @property
    def owner(self) -> str:
        """The token of the process that writes it."""
        return self._owner.token

    @property
    def file(self) -> str:
        """The WAV's name; its stem is the sidecar's too."""
        return self._opened.path.name

    @property
    def samples(self) -> int:
        """How long the WAV is."""
        return self._opened.samples

    def begin(self, sidecar: Callable[[str], str]) -> None:
        """Make both files.

        Args:
            sidecar: gives its content, for a WAV of that name.

        Raises:
            OSError: when the disk refuses; there is no file then.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        self._owner.hold()
        number = 1
        while self._wav is None:
            stem = self.name if number == 1 else f"{self.name}-{number}"
            number += 1  # a retry with the same session id, or two keys with one id
            described = self._directory / f"{stem}.json"
            wav = self._directory / f"{stem}.wav"
            try:
                claim(described, sidecar(wav.name))
            except FileExistsError:
                continue
            try:
                self._wav = WavWriter(wav, self._media, byte_order=self._byte_order, streaming=True)
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
        wav = self._opened
        self._writes += 1
        if self._writes % _LOOK == 0:
            self._restore()
        while pieces:
            if isinstance(pieces[0], int):
                before = wav.samples
                try:
                    wav.write_silence(pieces[0])
                except OSError:
                    pieces[0] -= wav.samples - before
                    raise
                del pieces[0]
            else:
                count = 0
                for piece in pieces:
                    if isinstance(piece, int):
                        break
                    count += 1
                wav.write(b"".join(cast("list[bytes]", pieces[:count])))
                del pieces[:count]

    def save(self, sidecar: str) -> None:
        """Write the sidecar in place of the one before; a reader sees either, never a half."""
        self._restore()
        replace(self._opened.path.with_suffix(".json"), sidecar)

    def complete(self) -> None:
        """Write the WAV's sizes; nothing more will come."""
        self._restore()
        self._opened.finish()

    def close(self) -> None:
        """Close the WAV."""
        if self._wav is not None:
            self._wav.close()

    def _restore(self) -> None:
        """Make the files anew when somebody took them away: the open WAV still has all that was written."""
        wav = self._opened
        if wav.is_in_place():
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        self._owner.hold()
        wav.restore()
        logger.warning("%s was taken away while it was written; it is there again", wav.path.name)

    @property
    def _opened(self) -> WavWriter:
        assert self._wav is not None
        return self._wav
