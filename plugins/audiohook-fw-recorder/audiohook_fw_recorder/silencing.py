"""What is to be silent in the audio of one call, where that audio is, and what it is too late for."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Final

from audiohook_fw import MediaFormat
from audiohook_fw.audio import silenced

from .intervals import Intervals
from .recording import Recording
from .sidecar import Sidecar
from .span import Span

__all__ = ["Silencing"]


class Silencing:
    """Silences one recording; for one thread.

    What waits in memory is silenced there, what is in a file that can be overwritten is noted, and done when
    the disk is written to, and what comes later is silenced as it comes.

    Attributes:
        until: where the last stretch ends; what comes before that needs looking at.
    """

    __slots__ = ("_audible", "_left", "_media", "_sidecar", "_told", "until")

    def __init__(self, sidecar: Sidecar) -> None:
        self._media: Final = sidecar.media
        self._sidecar: Final = sidecar
        self._told: Final = [Intervals() for _ in sidecar.media.channels]
        self._audible: Final = [Intervals() for _ in sidecar.media.channels]
        self._left: deque[Span] = deque()  # to be overwritten in the file
        self.until = 0

    @property
    def is_pending(self) -> bool:
        """Whether something is to be overwritten in the file."""
        return bool(self._left)

    def tell(self, span: Span, pieces: list[bytes | int], *, written: int, rewrites: bool) -> bool:
        """Silence a stretch; tell whether all of it is, or will be.

        Args:
            pieces: what waits in memory. written: call time up to which all is in the file; where they begin.
            rewrites: whether the file can be overwritten.
        """
        told, audible = self._told[span.number], self._audible[span.number]
        for start, end in told.without(span.start, span.end):
            past = min(end, written)
            if start < past and rewrites:
                self._left.append(replace(span, start=start, end=past))
            elif start < past:
                for late in self._without_gaps(start, past):
                    audible.add(*late)
        told.add(span.start, span.end)
        self.until = max(self.until, span.end)
        _silence(pieces, written, self._media, span.number, span.start, span.end)
        for stretch in audible.without(span.start, span.end):
            self._sidecar.redacted(span.channel, span.kind, *stretch)
        late_ones = audible.within(span.start, span.end)
        for stretch in late_ones:
            self._sidecar.redacted(span.channel, span.kind, *stretch, audible=True)
        return not late_ones

    def came(self, pieces: list[bytes | int], *, written: int, start: int, end: int) -> None:
        """Silence what came just now, between two moments of the call, as was told before."""
        for number, told in enumerate(self._told):
            for stretch in told.within(start, end):
                _silence(pieces, written, self._media, number, *stretch)

    def overwrite(self, files: Recording) -> None:
        """Overwrite what is to be silent in the file.

        Raises:
            OSError: when the disk refuses; what is not done may be tried again.
        """
        while self._left:
            span = self._left[0]
            files.silence(span.number, span.start, span.end)
            self._left.popleft()

    def give_up(self) -> bool:
        """Note that what the disk did not let be overwritten can be heard; tell whether there is any."""
        any_left = bool(self._left)
        while self._left:
            span = self._left.popleft()
            listed = self._sidecar.redactions.remove(span.channel, span.start, span.end)
            for kind, start, end in listed or [(span.kind, span.start, span.end)]:
                self._sidecar.redacted(span.channel, kind, start, end, audible=True)
        return any_left

    def _without_gaps(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return a stretch without what is silent anyhow."""
        gaps = Intervals((gap["start"], gap["start"] + gap["length"]) for gap in self._sidecar.gaps)
        return gaps.without(start, end)


def _silence(
    pieces: list[bytes | int], at: int, media: MediaFormat, channel: int, start: int, end: int
) -> None:
    """Silence a stretch of one channel in pieces of a call, of which the first begins there."""
    for number, piece in enumerate(pieces):
        if at >= end:
            return
        length = piece if isinstance(piece, int) else len(piece) // media.frame_width
        if at + length > start and not isinstance(piece, int):
            pieces[number] = silenced(piece, media, channel, start - at, end - at)
        at += length
