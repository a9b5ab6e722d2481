"""File time and call time: the same, unless pauses are cut out of the files."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from audiohook_fw.audio import Samples

from .document import GapEntry, MapEntry, RecordedAudio

__all__ = ["CUT_CAUSES", "Timeline", "cut", "pieces_without_gaps", "spread"]

CUT_CAUSES: Final = frozenset({"pause", "discarded"})
"""Gaps that are cut out: there was nothing to record. What this server lost stays a silence that is heard."""


class Timeline:
    """Turns positions in the files of a recording into positions in its call, and back; all in samples.

    Attributes:
        pieces: of the files, in order, and where each belongs in the call.
        file_samples: length of the files. call_samples: length of the call.
    """

    __slots__ = ("_calls", "_files", "call_samples", "file_samples", "pieces")

    def __init__(self, pieces: Sequence[MapEntry], *, call_samples: int) -> None:
        self.pieces: Final = [piece for piece in pieces if piece.length]
        self.call_samples: Final = call_samples
        self.file_samples: Final = sum(piece.length for piece in self.pieces)
        self._files = [piece.file for piece in self.pieces]
        self._calls = [piece.call for piece in self.pieces]

    @classmethod
    def of(cls, audio: RecordedAudio) -> Timeline:
        """Return that of a recording."""
        if audio.map is None:
            return cls([MapEntry(file=0, call=0, length=audio.samples)], call_samples=audio.samples)
        return cls(audio.map, call_samples=audio.call_samples or 0)

    def call_time(self, file: int) -> int:
        """Return where in the call a position in the files is; what is beyond their end is the call's end."""
        if file >= self.file_samples:
            return self.call_samples
        piece = self.pieces[bisect_right(self._files, max(0, file)) - 1]
        return piece.call + max(0, file) - piece.file

    def file_time(self, call: int) -> int:
        """Return where in the files a position in the call is; of one that was cut out, where that was."""
        index = bisect_right(self._calls, call) - 1
        if index < 0:
            return 0
        piece = self.pieces[index]
        return piece.file + min(call - piece.call, piece.length)


def pieces_without_gaps(gaps: Iterable[GapEntry], samples: int) -> list[MapEntry]:
    """Return what is left of a call of that length when pauses and discarded audio are cut out."""
    pieces: list[MapEntry] = []
    file = call = 0
    cuts = sorted(
        (gap.start, gap.start + gap.length) for gap in gaps if gap.cause in CUT_CAUSES and gap.length
    )
    for start, end in [*cuts, (samples, samples)]:
        length = min(start, samples) - call
        if length > 0:
            pieces.append(MapEntry(file=file, call=call, length=length))
            file += length
        call = max(call, end)
    return pieces


def cut(
    blocks: Iterable[Samples], pieces: Iterable[MapEntry], *, only_silence: bool = True
) -> Iterator[Samples]:
    """Give only those pieces of audio that comes in call time, in blocks no longer than those that come.

    Args:
        only_silence: refuse to cut out what is heard. Lossy formats keep no silence exactly.

    Raises:
        ValueError: because of `only_silence`.
    """
    position = 0
    rest = iter(pieces)
    piece = next(rest, None)
    for block in blocks:
        begin, end = position, position + len(block)
        while begin < end:
            start = min(piece.call, end) if piece is not None else end
            if only_silence and start > begin and block[begin - position : start - position].any():
                raise ValueError(f"there is audio in the gap at {begin}: it is not cut out")
            begin = max(begin, start)
            if piece is None or begin >= end:
                break
            stop = min(piece.call + piece.length, end)
            if stop > begin:
                yield block[begin - position : stop - position]
                begin = stop
            if begin >= piece.call + piece.length:
                piece = next(rest, None)
        position = end


def spread(
    blocks: Iterable[Samples], timeline: Timeline, *, channels: int, longest: int = 80_000
) -> Iterator[Samples]:
    """Give the audio of files in call time, with silence where something was cut out.

    Args:
        channels: their number. longest: samples of a block of silence.
    """
    file = call = 0
    pieces = iter(timeline.pieces)
    piece = next(pieces, None)
    for block in blocks:
        taken = 0
        while taken < len(block):
            if piece is None:  # the files are longer than their map: nothing of it is lost
                yield block[taken:]
                call += len(block) - taken
                break
            yield from _silence(piece.call - call, channels, longest)
            call = max(call, piece.call)
            count = min(len(block) - taken, piece.file + piece.length - file)
            yield block[taken : taken + count]
            taken, file, call = taken + count, file + count, call + count
            if file >= piece.file + piece.length:
                piece = next(pieces, None)
    yield from _silence(timeline.call_samples - call, channels, longest)


def _silence(samples: int, channels: int, longest: int) -> Iterator[Samples]:
    for start in range(0, samples, longest):
        yield np.zeros((min(longest, samples - start), channels), np.int16)
