"""The audio of a recording at its times in the call, however it is stored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from audiohook_fw.audio import Samples

from ..document import Document
from ..reading import blocks
from .places import opened

__all__ = ["call_length", "pieces"]


def call_length(document: Document) -> int:
    """Return the length of the call as far as it is recorded, in samples; pauses that were cut out count."""
    audio = document.audio
    if audio.map is None:
        return audio.samples
    end = max((entry.call + entry.length for entry in audio.map), default=0)
    return max([end, *(gap.start + gap.length for gap in document.gaps)])


def pieces(directory: Path, document: Document) -> Iterator[tuple[int, Samples]]:
    """Give the audio with the call time at which each piece begins, in order; between them is silence.

    Raises:
        PlaceError: when a file is missing, or no regular one. RecordedAudioError, OSError: as `blocks`.
    """
    for file in document.audio.files:  # nothing that leads elsewhere, or would wait for ever, is opened
        opened(directory / file.name).close()
    map_ = document.audio.map
    position = index = 0
    for block in blocks(directory, document):
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
