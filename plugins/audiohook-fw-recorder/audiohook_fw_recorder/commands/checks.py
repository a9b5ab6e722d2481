"""What can be wrong with a recording: each check yields its findings, as people read them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from audiohook_fw.audio import Samples

from ..age_spool import stored_segments
from ..document import AudioFile, Document, GapEntry
from .output import Advance, said
from .places import PlaceError, opened

__all__ = ["Silence", "check_archive", "check_bytes", "check_sidecar"]

PIECE: Final = 1 << 20


def check_sidecar(document: Document) -> Iterator[str]:
    """Yield what the sidecar says that cannot be."""
    audio = document.audio
    held = sorted(channel for file in audio.files for channel in file.channels)
    if held != sorted(audio.channels):
        there = ", ".join(held) or "none"
        yield f"its files hold the channels {there} instead of {', '.join(audio.channels)}"
    if len({file.name for file in audio.files}) != len(audio.files):
        yield "it names a file twice"
    end = 0
    for gap in document.gaps:
        if gap.start < end:
            yield f"gaps overlap, or are out of order, at {gap.start}"
            break
        end = gap.start + gap.length


def check_bytes(directory: Path, file: AudioFile, advance: Advance) -> Iterator[str]:
    """Yield how a file differs from what is known of it, or why it cannot be read."""
    digest = hashlib.sha256() if file.sha256 is not None else None
    size = 0
    try:
        with opened(directory / file.name) as content:
            size = content.seek(0, 2)
            if digest is not None:
                content.seek(0)
                while piece := content.read(PIECE):
                    digest.update(piece)
                    advance(len(piece))
    except (OSError, PlaceError) as error:
        yield said(error) if isinstance(error, PlaceError) else f"{file.name}: {error.strerror}"
        return
    if file.size is not None and size != file.size:
        yield f"{file.name}: it has {size} bytes, and had {file.size}"
    elif digest is not None and digest.hexdigest() != file.sha256:
        yield f"{file.name}: its content has changed: its SHA-256 is another one"


def check_archive(directory: Path, name: str, samples: int) -> Iterator[str]:
    """Yield what is wrong with an archive of encrypted segments, as far as that is seen without a key.

    Raises:
        AgeError: when it is none. PlaceError, OSError: when it cannot be read.
    """
    end = place = 0
    with opened(directory / name) as file:
        for segment in stored_segments(file, name):
            end, place = segment.end, segment.offset + segment.size
        file.seek(place)
        rest = file.read(PIECE)
    if any(rest):
        yield f"{name}: its last segment is cut off"
    elif end > samples:
        yield f"{name}: it has segments up to {end}, where the sidecar speaks of {samples} samples"


class Silence:
    """Looks whether gaps are silent, as the audio goes by."""

    def __init__(self, gaps: Sequence[GapEntry]) -> None:
        self._gaps = [gap for gap in gaps if gap.length]
        self._next = 0
        self.found: str = ""

    def add(self, start: int, samples: Samples) -> None:
        """Look at audio that begins at that sample of the call."""
        end = start + len(samples)
        index = self._next
        while index < len(self._gaps) and self._gaps[index].start < end:
            gap = self._gaps[index]
            stop = gap.start + gap.length
            part = samples[max(0, gap.start - start) : max(0, stop - start)]
            if not self.found and part.any():
                at = max(gap.start, start) + int(np.flatnonzero(part.any(axis=1))[0])
                self.found = f"there is sound at {at}, in a gap ({gap.cause})"
            if stop > end:
                break
            index += 1
        self._next = index
