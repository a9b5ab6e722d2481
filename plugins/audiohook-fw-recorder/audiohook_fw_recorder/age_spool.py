"""The spool of an encrypted call: an archive of small WAVs, each an age file of its own.

What the server has written it cannot read: it holds public keys only. No clear audio comes to the disk, not
even for a moment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from audiohook_fw import MediaFormat
from audiohook_fw.audio import ULAW_SILENCE, ByteOrder, wav_bytes

from .age import AgeError, Recipients
from .tar import Member, TarWriter, members, mend

__all__ = ["SEGMENT_DELAY", "AgeSpool", "Segment", "mend_segments", "stored_segments"]

SEGMENT_SECONDS: Final = 5
"""The longest segment."""
SEGMENT_DELAY: Final = 4.0
"""Seconds for which audio is collected for one: a killed server loses 5 s at most, on a slow disk, too."""
REST: Final = 1.0
"""Seconds between two segments, however much happens in the call."""

_NAME: Final = re.compile(r"(\d{12})-(\d{12})\.wav\.age")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a call in an archive.

    Attributes:
        start: its call time, and length, in samples.
        offset: where its age file begins in the archive, and size: of that, in bytes.
    """

    name: str
    start: int
    length: int
    offset: int
    size: int

    @property
    def end(self) -> int:
        """Call time after it."""
        return self.start + self.length


class AgeSpool:
    """Writes `START-END.wav.age` into a tar archive; the numbers are samples of call time, of 12 digits.

    What lies between two segments is silence, and not stored. Silence that fits into a segment is: so their
    number has a bound, whatever a client does.
    """

    suffix = ".tar"
    rest = REST

    def __init__(self, media: MediaFormat, recipients: Recipients, *, byte_order: ByteOrder) -> None:
        self.described: Mapping[str, Any] = {"format": "age", "recipients": list(recipients.names)}
        self._media: Final = media
        self._recipients: Final = recipients
        self._byte_order: ByteOrder = byte_order
        self._most: Final = SEGMENT_SECONDS * media.rate
        self._silence: Final = (ULAW_SILENCE if media.format == "PCMU" else b"\0") * media.frame_width
        self._samples = 0
        self._tar: TarWriter | None = None

    @property
    def samples(self) -> int:
        """Call time up to which all is written; silence at the end needs no writing."""
        return self._samples

    def begin(self, path: Path) -> None:
        """Make the archive."""
        self._tar = TarWriter(path)

    def write(self, pieces: list[bytes | int]) -> None:
        """Append audio and silence, as `Spool` says. All of it is written when this returns."""
        while pieces:
            first = pieces[0]
            if isinstance(first, int):
                self._samples += first
                del pieces[0]
                continue
            audio, count, rest = self._first(pieces)
            if audio:
                self._append(audio)
            pieces[:count] = rest

    def is_in_place(self) -> bool:
        """Tell whether the archive is still there."""
        return self._opened.is_in_place()

    def restore(self) -> None:
        """Write the archive anew."""
        self._opened.restore()

    def finish(self) -> None:
        """Do nothing: the archive is final at any moment."""

    def close(self) -> None:
        """Close the archive."""
        if self._tar is not None:
            self._tar.close()

    @property
    def _opened(self) -> TarWriter:
        assert self._tar is not None
        return self._tar

    def _first(self, pieces: list[bytes | int]) -> tuple[bytes, int, list[bytes]]:
        """Return the next segment's audio, how many pieces it takes, and what is left of the last of them."""
        parts: list[bytes] = []
        room, width = self._most, self._media.frame_width
        for count, piece in enumerate(pieces):
            if isinstance(piece, int):
                if piece > room:
                    return b"".join(parts), count, []
                parts.append(self._silence * piece)
                room -= piece
                continue
            length = len(piece) // width
            if length > room:
                parts.append(piece[: room * width])
                return b"".join(parts), count + 1, [piece[room * width :]]
            parts.append(piece)
            room -= length
        return b"".join(parts), len(pieces), []

    def _append(self, audio: bytes) -> None:
        wav = wav_bytes(audio, self._media, byte_order=self._byte_order)
        end = self._samples + len(audio) // self._media.frame_width
        self._opened.append(f"{self._samples:012}-{end:012}.wav.age", self._recipients.encrypt(wav))
        self._samples = end


def stored_segments(file: BinaryIO, name: str) -> Iterator[Segment]:
    """Yield the segments of an archive in their order. Needs no key, and reads no content.

    One that was cut off by the end of its server is none.

    Args:
        name: stands in the errors.

    Raises:
        AgeError: when there is something else in it, or they overlap.
    """
    end = 0
    try:
        for member in members(file):
            segment = _segment(member, name)
            if segment.start < end:
                raise AgeError(name, f"{segment.name} begins before the end of the one before it")
            end = segment.end
            yield segment
    except ValueError as error:
        raise error if isinstance(error, AgeError) else AgeError(name, str(error)) from None


def mend_segments(path: Path) -> int:
    """Take away a last segment that was cut off; return the call time (in samples) after the last whole one.

    Raises:
        AgeError: when that is no archive of segments; it stays as it is. OSError: when the disk refuses.
    """
    try:
        whole = mend(path)
    except ValueError as error:
        raise AgeError(path.name, str(error)) from None
    return _segment(whole[-1], path.name).end if whole else 0


def _segment(member: Member, name: str) -> Segment:
    match = _NAME.fullmatch(member.name)
    if match is None or int(match[1]) >= int(match[2]):
        raise AgeError(name, f"{member.name!r} in it is no segment of a recording")
    start, end = int(match[1]), int(match[2])
    return Segment(member.name, start, end - start, member.offset, member.size)
