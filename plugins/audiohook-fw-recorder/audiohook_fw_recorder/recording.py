"""The two files of one recording. Everything here blocks, and is for one thread at a time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from audiohook_fw import MediaFormat
from audiohook_fw.audio import ByteOrder, WavWriter

__all__ = ["Recording"]


class Recording:
    """A WAV and a JSON file of the same stem: the session id, numbered when it was there already.

    Both are valid at any moment, also after SIGKILL.

    Attributes:
        name: the session id.
    """

    def __init__(
        self, directory: Path, session_id: str, media: MediaFormat, *, byte_order: ByteOrder = "little"
    ) -> None:
        self.name = session_id.lower()
        self._directory = directory
        self._media = media
        self._byte_order: ByteOrder = byte_order
        self._wav: WavWriter | None = None

    @property
    def file(self) -> str:
        """The WAV's name; its stem is the sidecar's too."""
        return self._opened().path.name

    @property
    def samples(self) -> int:
        """How long the WAV is."""
        return self._opened().samples

    def write(self, pieces: list[bytes | int]) -> None:
        """Append audio (bytes) and silence (samples), taking away what is written.

        Raises:
            OSError: when the disk refuses; `pieces` is then what is not written.
        """
        wav = self._opened()
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
        path = self._opened().path.with_suffix(".json")
        temporary = path.with_suffix(".json.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(sidecar + "\n")
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def close(self) -> None:
        """Close the WAV."""
        if self._wav is not None:
            self._wav.close()

    def _opened(self) -> WavWriter:
        if self._wav is None:
            self._wav = self._open()
        return self._wav

    def _open(self) -> WavWriter:
        number = 1
        while True:
            stem = self.name if number == 1 else f"{self.name}-{number}"
            try:
                path = self._directory / f"{stem}.wav"
                return WavWriter(path, self._media, byte_order=self._byte_order)
            except FileExistsError:  # a retry with the same session id, or two keys with one id
                number += 1
