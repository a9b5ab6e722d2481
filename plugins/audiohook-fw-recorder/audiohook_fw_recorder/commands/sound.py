"""The audio of a recording at its times in the call, however it is stored."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

from audiohook_fw.audio import Samples

from ..age import Identities
from ..document import Document
from ..reading import blocks
from ..timeline import Timeline
from .places import opened

__all__ = ["EXACT", "call_length", "guarded_blocks", "pieces"]

EXACT: Final = ("wav", "pcm16", "flac", "age")
"""Formats that keep every sample, so that silence stays silent."""


def call_length(document: Document) -> int:
    """Return the length of the call as far as it is recorded, in samples; pauses that were cut out count."""
    return Timeline.of(document.audio).call_samples


def guarded_blocks(directory: Path, document: Document, identities: Identities | None) -> Iterator[Samples]:
    """Give the audio as it is in the files, if they are files: neither links to elsewhere nor pipes.

    Raises:
        PlaceError: when a file is missing, or no regular one.
        AgeError, RecordedAudioError, OSError: as `blocks`.
    """
    for file in document.audio.files:
        opened(directory / file.name).close()
    yield from blocks(directory, document, identities=identities)


def pieces(
    directory: Path, document: Document, identities: Identities | None
) -> Generator[tuple[int, Samples], None, None]:
    """Give the audio with the call time at which each piece begins, in order; between them is silence.

    Raises:
        PlaceError, AgeError, RecordedAudioError, OSError: as `guarded_blocks`.
    """
    map_ = document.audio.map
    position = index = 0
    for block in guarded_blocks(directory, document, identities):
        if map_ is None:
            yield position, block
            position += len(block)
            continue
        end = position + len(block)
        while index < len(map_) and map_[index].file < end:
            entry = map_[index]
            first, last = max(position, entry.file), min(end, entry.file + entry.length)
            if last > first:
                yield entry.call + first - entry.file, block[first - position : last - position]
            if entry.file + entry.length > end:
                break
            index += 1
        position = end
