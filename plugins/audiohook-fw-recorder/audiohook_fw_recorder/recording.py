"""The two files of one recording. Everything here blocks: it runs in a worker thread, one at a time."""

from __future__ import annotations

import json
import os
from pathlib import Path

from audiohook_fw import MediaFormat
from audiohook_fw.audio import ByteOrder, WavWriter

from .sidecar import Sidecar

__all__ = ["Recording"]


class Recording:
    """A WAV and a JSON file of the same stem: the session id, numbered when it was there already.

    Both are valid at any moment, also after SIGKILL.
    """

    def __init__(
        self, directory: Path, session_id: str, media: MediaFormat, *, byte_order: ByteOrder = "little"
    ) -> None:
        self._directory = directory
        self._name = session_id.lower()
        self._media = media
        self._byte_order: ByteOrder = byte_order
        self._wav: WavWriter | None = None

    def write(self, pieces: list[bytes | int]) -> None:
        """Append audio (bytes) and silence (samples), taking away each piece that is written."""
        wav = self._opened()
        while pieces:
            piece = pieces[0]
            if isinstance(piece, int):
                before = wav.samples
                try:
                    wav.write_silence(piece)
                except OSError:
                    pieces[0] = piece - (wav.samples - before)
                    raise
            else:
                wav.write(piece)
            del pieces[0]

    def save(self, sidecar: Sidecar) -> None:
        """Write the sidecar in place of the one before; a reader sees either, never a half."""
        wav = self._opened()
        path = wav.path.with_suffix(".json")
        text = json.dumps(sidecar.to_json(wav.path.name, wav.samples), indent=2, ensure_ascii=False)
        temporary = path.with_suffix(".json.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        temporary.replace(path)

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
            stem = self._name if number == 1 else f"{self._name}-{number}"
            try:
                path = self._directory / f"{stem}.wav"
                return WavWriter(path, self._media, byte_order=self._byte_order)
            except FileExistsError:  # a retry with the same session id, or two keys with one id
                number += 1
