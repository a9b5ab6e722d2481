"""The two files of one recording. Everything here blocks, and is for one thread at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from audiohook_fw import MediaFormat
from audiohook_fw.audio import ByteOrder, WavWriter

from .files import claim, replace
from .owner import Owner

__all__ = ["Recording"]


class Recording:
    """A WAV and a JSON file of the same stem: the session id, numbered when it was there already.

    Both are valid at any moment, also after SIGKILL. The sidecar is there first: a WAV without one is none
    of ours.

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
    def stem(self) -> str:
        """What the names of both files begin with."""
        return self._opened.path.stem

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
                self._wav = WavWriter(wav, self._media, byte_order=self._byte_order)
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
        replace(self._opened.path.with_suffix(".json"), sidecar)

    def close(self) -> None:
        """Close the WAV."""
        if self._wav is not None:
            self._wav.close()

    @property
    def _opened(self) -> WavWriter:
        assert self._wav is not None
        return self._wav
