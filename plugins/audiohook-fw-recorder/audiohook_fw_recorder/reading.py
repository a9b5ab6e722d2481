"""Reads the audio of a recording, of whatever format and length, a block at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np

from audiohook_fw.audio import Samples

from .age import Identities
from .decrypting import AgeReader
from .document import AudioFile, Document, RecordedAudio
from .formats import AudioReader, RecordedAudioError, open_audio

__all__ = ["RecordedAudioError", "blocks"]


def blocks(
    directory: Path, document: Document, *, seconds: float = 10.0, identities: Identities | None = None
) -> Iterator[Samples]:
    """Give the audio of a recording from begin to end, as it is in the files (blocking).

    Each block is int16 of shape `(n, channels)`, its channels in the order of `document.audio.channels`, and
    of at most that many seconds: memory is the same for any length of call. The files are open until
    the iterator ends or is closed.

    Args:
        identities: the keys that open it, when it is encrypted.

    Raises:
        AgeError: it is encrypted, and cannot be opened or is damaged; `NoKeyError` when no key fits.
        RecordedAudioError: a file is damaged, or not what the sidecar says; all before was given.
        OSError: a file cannot be read.
    """
    audio = document.audio
    order = _order(audio, document.session_id)
    size = max(1, round(seconds * audio.rate))
    with ExitStack() as stack:
        readers: list[AudioReader]
        if audio.format == "age":
            readers = [stack.enter_context(closing(AgeReader(directory, document, identities)))]
        else:
            readers = [stack.enter_context(closing(_open(directory, file, audio))) for file in audio.files]
        total = 0
        while True:
            parts = [reader.read(size) for reader in readers]
            length = min(len(part) for part in parts)
            if length:
                total += length
                yield _joined(parts, length, order)
            if any(len(part) != length for part in parts):
                raise RecordedAudioError(audio.files[0].name, "the files of its channels differ in length")
            if not length:
                break
    _check_length(document, total)


def _check_length(document: Document, found: int) -> None:
    """Refuse files that have lost audio. A running call's sidecar lags behind them, and has no sums."""
    audio = document.audio
    is_cut = found < audio.samples and document.state != "recording"
    if is_cut or (found != audio.samples and any(file.sha256 for file in audio.files)):
        raise RecordedAudioError(
            audio.files[0].name, f"it holds {found} samples, where the sidecar speaks of {audio.samples}"
        )


def _order(audio: RecordedAudio, session_id: str) -> list[int]:
    """Tell which of all files' channels is the recording's first, second …"""
    found = [channel for file in audio.files for channel in file.channels]
    if sorted(found) != sorted(audio.channels) or len(set(found)) != len(found):
        raise RecordedAudioError(
            audio.files[0].name if audio.files else session_id,
            f"its files hold the channels {found}, where the sidecar speaks of {audio.channels}",
        )
    return [found.index(channel) for channel in audio.channels]


def _joined(parts: Sequence[Samples], length: int, order: list[int]) -> Samples:
    joined = parts[0][:length] if len(parts) == 1 else np.hstack([part[:length] for part in parts])
    return joined if order == list(range(len(order))) else joined[:, order]


def _open(directory: Path, file: AudioFile, audio: RecordedAudio) -> AudioReader:
    reader = open_audio(directory / file.name, audio.format)
    found = (reader.channels, reader.rate)
    if found == (len(file.channels), audio.rate):
        return reader
    reader.close()
    raise RecordedAudioError(
        file.name,
        f"it has {found[0]} channels at {found[1]} Hz, where the sidecar speaks of "
        f"{len(file.channels)} at {audio.rate} Hz",
    )
