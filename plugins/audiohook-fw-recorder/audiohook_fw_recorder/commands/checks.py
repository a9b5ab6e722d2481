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
from ..intervals import Intervals
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
    for redaction in document.redactions:
        if redaction.channel not in audio.channels:
            yield f"something was redacted at {redaction.start} on a channel that it does not have"
            break


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
    """Looks whether gaps are silent, as the audio goes by.

    Args:
        gaps: in order, and apart from each other.
        channel: number of the one that is looked at; without it all are.
    """

    def __init__(self, gaps: Sequence[GapEntry], channel: int | None = None) -> None:
        self._channels = slice(None) if channel is None else slice(channel, channel + 1)
        self._gaps = [gap for gap in gaps if gap.length]
        self._next = 0
        self.found: str = ""

    @classmethod
    def redacted(cls, document: Document) -> list[Silence]:
        """Return for each channel what looks whether it is silent where something was redacted."""
        silences = []
        for number, channel in enumerate(document.audio.channels):
            stretches = Intervals(
                (entry.start, entry.start + entry.length)
                for entry in document.redactions
                if entry.channel == channel and not entry.audible
            )
            cause = f"redacted, {channel}"
            gaps = [GapEntry(start=start, length=end - start, cause=cause) for start, end in stretches]
            silences.append(cls(gaps, number))
        return silences

    def add(self, start: int, samples: Samples) -> None:
        """Look at audio that begins at that sample of the call."""
        end = start + len(samples)
        index = self._next
        while index < len(self._gaps) and self._gaps[index].start < end:
            gap = self._gaps[index]
            stop = gap.start + gap.length
            part = samples[max(0, gap.start - start) : max(0, stop - start), self._channels]
            if not self.found and part.any():
                at = max(gap.start, start) + int(np.flatnonzero(part.any(axis=1))[0])
                self.found = f"there is sound at {at}, in a gap ({gap.cause})"
            if stop > end:
                break
            index += 1
        self._next = index
