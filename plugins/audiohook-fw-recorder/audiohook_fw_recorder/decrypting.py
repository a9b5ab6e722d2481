"""Encrypted recordings read again, by somebody who has a key: by segment, or as one stretch of call time."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Final

import numpy as np

from audiohook_fw.audio import Samples, WavAudio, WavError, parse_wav

from .age import AgeError, Identities, NoKeyError
from .age_spool import stored_segments
from .document import Document

__all__ = ["AgeReader", "segments"]


def segments(path: Path, identities: Identities) -> Generator[tuple[int, WavAudio], None, None]:
    """Yield the call time (in samples) and the audio of each segment of an archive, in order (blocking).

    One segment is in memory at a time. Of a recording that is being written it yields what is there.

    Raises:
        NoKeyError: when no key fits. AgeError: when a segment is damaged; says which.
        OSError: when the file cannot be read.
    """
    with path.open("rb") as file:
        for segment in stored_segments(file, path.name):
            name = f"{path.name}: {segment.name}"
            file.seek(segment.offset)
            content = identities.decrypt(file.read(segment.size), name)
            try:
                audio = parse_wav(content, name)
            except WavError as error:
                raise AgeError(name, error.problem) from None
            if audio.truncated or len(audio.samples) != segment.length:
                raise AgeError(name, f"it holds {len(audio.samples)} samples, not {segment.length}")
            yield segment.start, audio


class AgeReader:
    """Reads an encrypted recording from the start of the call to its end, silence between segments included.

    Everything here blocks. A segment is in memory at a time.

    Attributes:
        channels, rate: what its sidecar says.

    Raises:
        NoKeyError: when there are no keys. AgeError: when the sidecar does not name one file.
        OSError: when that cannot be read.
    """

    def __init__(self, directory: Path, document: Document, identities: Identities | None) -> None:
        if len(document.audio.files) != 1:
            raise AgeError(document.session_id, "its sidecar does not name one file of encrypted audio")
        if identities is None:
            raise NoKeyError(
                document.audio.files[0].name, "it is encrypted: name the file of a key that opens it"
            )
        self._path: Final = directory / document.audio.files[0].name
        self._told: Final = document.audio
        self._running: Final = document.state == "recording"
        self.channels: Final = len(self._told.channels)
        self.rate: Final = self._told.rate
        self._none: Final = np.zeros((0, self.channels), np.int16)
        self._position = 0  # of what was read
        self._silence = 0  # to be read, before these
        self._samples: Samples = self._none
        self._segments: Final = segments(self._path, identities)

    def read(self, samples: int) -> Samples:
        """Return the next samples, at least one and at most so many; none at the end.

        Raises:
            AgeError: as `segments`, and when the audio is not what the sidecar says.
        """
        if not self._silence and not len(self._samples):
            self._next()
        if self._silence:
            part: Samples = np.zeros((min(samples, self._silence), self.channels), np.int16)
            self._silence -= len(part)
        else:
            part, self._samples = self._samples[:samples], self._samples[samples:]
        self._position += len(part)
        return part

    def close(self) -> None:
        """Close the file."""
        self._segments.close()

    def _next(self) -> None:
        """Take the next segment, or the silence at the end of the call."""
        start, audio = next(self._segments, (self._told.samples, None))
        if audio is not None:
            self._check(start, audio)
            self._samples = audio.samples
        self._silence = max(0, start - self._position)

    def _check(self, start: int, audio: WavAudio) -> None:
        told = self._told
        if (audio.encoding, audio.rate, audio.channels) != (told.encoding, told.rate, self.channels):
            problem = (
                f"from {start} it holds {audio.encoding}, {audio.channels} channels at {audio.rate} Hz, "
                f"where the sidecar speaks of {told.encoding}, {self.channels} channels at {told.rate} Hz"
            )
            raise AgeError(self._path.name, problem)
        if not self._running and start + len(audio.samples) > told.samples:
            raise AgeError(
                self._path.name, f"it is longer than the {told.samples} samples the sidecar speaks of"
            )
