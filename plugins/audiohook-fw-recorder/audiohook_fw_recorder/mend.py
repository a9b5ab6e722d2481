"""Mends a recording whose server ended in the middle of its call. Everything here blocks."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from audiohook_fw import MediaFormat
from audiohook_fw.audio import WavWriter

from .age import AgeError
from .age_spool import mend_segments
from .document import Document, GapEntry, RedactionEntry
from .errors import FileError

__all__ = ["MendError", "mend"]

_HEAD: Final = 4096  # bytes in which a WAV of ours has its chunks
_SIZE: Final = struct.Struct("<I")


_Stretch = TypeVar("_Stretch", GapEntry, RedactionEntry)


class MendError(FileError):
    """A recording cannot be mended; says which file, and why."""


def mend(directory: Path, document: Document) -> Document:
    """Make the audio of an interrupted call a whole file, and return what the sidecar is to say of it.

    All audio that is in a WAV counts, also when the header did not come to say so; of an encrypted recording,
    every whole segment. What a file of ours holds at any moment is as long as its call was then, so that
    tells when the call ended for us.

    Raises:
        MendError: the file is not what the sidecar says. OSError: when the disk refuses.
    """
    audio = document.audio
    if audio.format not in _WAYS or len(audio.files) != 1:
        raise MendError(audio.files[0].name if audio.files else "", f"{audio.format} cannot be mended")
    media = MediaFormat(audio.encoding, tuple(audio.channels), audio.rate)
    samples = _WAYS[audio.format](directory / audio.files[0].name, media)
    update: dict[str, object] = {
        "state": "interrupted",
        "ended_at": document.started_at + timedelta(seconds=samples / audio.rate),
        "audio": audio.model_copy(update={"samples": samples}),
        "gaps": _within(document.gaps, samples),
    }
    if document.redactions:
        update["redactions"] = _within(document.redactions, samples)
    return document.model_copy(update=update)


def _within(stretches: list[_Stretch], samples: int) -> list[_Stretch]:
    """Return gaps, or redactions, as far as there is audio: they may be told of before that is written."""
    return [
        stretch.model_copy(update={"length": min(stretch.length, samples - stretch.start)})
        for stretch in stretches
        if stretch.start < samples
    ]


def _mend_archive(path: Path, _: MediaFormat) -> int:
    """Return the samples of an archive of segments, after what was cut off is gone."""
    try:
        return mend_segments(path)
    except AgeError as error:
        raise MendError(error.name, error.problem) from None


def _mend_wav(path: Path, media: MediaFormat) -> int:
    """Return the samples of a WAV after its header says them."""
    if not path.exists() or path.stat().st_size == 0:  # killed before it was made, or by a power loss
        WavWriter(path, media, overwrite=True).close()
        return 0
    with path.open("r+b", buffering=0) as file:
        sizes, start, claimed = _chunks(file, path.name)
        size = file.seek(0, os.SEEK_END)
        length = _length(file, start, size, claimed, media.frame_width)
        file.truncate(start + length)
        if length % 2:  # chunks have even lengths
            _write(file, start + length, b"\0")
        for kind, at in sizes:
            value = {
                b"RIFF": start - 8 + length + length % 2,
                b"fact": length // media.frame_width,
                b"data": length,
            }[kind]
            _write(file, at, _SIZE.pack(value))
        os.fsync(file.fileno())
    return length // media.frame_width


def _chunks(file: BinaryIO, name: str) -> tuple[list[tuple[bytes, int]], int, int]:
    """Return where the header speaks of lengths, where the audio begins, and how long it claims to be."""
    head = file.read(_HEAD)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise MendError(name, "this is not a WAV file any more")
    sizes, at = [(b"RIFF", 4)], 12
    while at + 8 <= len(head):
        kind, size = struct.unpack_from("<4sI", head, at)
        if kind == b"data":
            return [*sizes, (kind, at + 4)], at + 8, size
        if kind == b"fact":
            sizes.append((kind, at + 8))
        at += 8 + size + size % 2
    raise MendError(name, "its header is damaged")


def _length(file: BinaryIO, start: int, size: int, claimed: int, width: int) -> int:
    """Return the bytes of audio: what the header claims, and what was written after it."""
    there = size - start
    if width == 1 and there > claimed and there % 2 == 0:
        file.seek(size - 1)
        if file.read(1) == b"\0":  # a pad most likely: as µ-law it would be the loudest sample there is
            there -= 1
    return there - there % width


def _write(file: BinaryIO, at: int, content: bytes) -> None:
    file.seek(at)
    file.write(content)


_WAYS: Final[dict[str, Callable[[Path, MediaFormat], int]]] = {"wav": _mend_wav, "age": _mend_archive}
"""By the format of the spool: what makes its file whole, and tells the samples that are in it."""
