"""Reads WAV files: µ-law and 16-bit PCM, mono and stereo, finished or broken off.

Files that a killed program left behind say 0, 0xFFFFFFFF or too much as their size; they are read
to their end. `read_wav` holds the whole file in memory, which is for short ones; `WavReader` only what is
asked for.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from .g711 import Samples
from .wav_format import find_audio

__all__ = ["WavAudio", "WavReader", "parse_wav", "read_wav"]


@dataclass(frozen=True, slots=True, eq=False)
class WavAudio:
    """The audio of a WAV file.

    Attributes:
        samples: read-only int16 of shape `(n, channels)`.
        rate: samples per second and channel.
        encoding: `PCMU` (µ-law) or `L16` (16-bit PCM).
        payload: the audio's bytes as they are in the file (PCM: little-endian), whole samples only.
        truncated: whether the file was never finished or has lost its end.
    """

    samples: Samples
    rate: int
    encoding: Literal["PCMU", "L16"]
    payload: bytes
    truncated: bool = False

    @property
    def channels(self) -> int:
        """Number of channels, 1 or 2."""
        return int(self.samples.shape[1])

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate

    def __repr__(self) -> str:
        return f"WavAudio({self.encoding}, {self.channels} channels, {self.rate} Hz, {self.duration:.3f} s)"


class WavReader:
    """Reads the audio of a WAV file piece by piece, however long it is; blocking, one thread at a time.

    Attributes:
        channels: their number, 1 or 2. rate: samples per second and channel.
        encoding: `PCMU` (µ-law) or `L16` (16-bit PCM).
        samples: length, per channel, when the file was opened.
        truncated: whether the file was never finished or has lost its end.

    Raises:
        WavError: when it is no WAV file, or of a kind that is not read; says what to do.
        OSError: when the file cannot be opened or read.
    """

    __slots__ = ("_file", "_layout", "_position", "channels", "encoding", "rate", "samples", "truncated")

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file: Final = Path(path).open("rb")  # noqa: SIM115  # closed by `close`
        try:
            layout = find_audio(self._file, os.fspath(path))
            self._file.seek(layout.start)
        except BaseException:
            self._file.close()
            raise
        self._layout: Final = layout
        self._position = 0
        self.channels: Final = layout.channels
        self.rate: Final = layout.rate
        self.encoding: Final = layout.encoding
        self.samples: Final = layout.size // layout.frame_width
        self.truncated: Final = layout.truncated

    def read(self, samples: int) -> Samples:
        """Return the next samples, read-only int16 of shape `(n, channels)`; fewer at the end, then none.

        Raises:
            OSError: when the file cannot be read. ValueError: when it is closed.
        """
        width = self._layout.frame_width
        payload = self._file.read(max(0, min(samples, self.samples - self._position)) * width)
        decoded = self._layout.decode(payload[: len(payload) - len(payload) % width])
        self._position += len(decoded)
        return decoded

    def seek(self, sample: int) -> None:
        """Read on at that sample, counted from the start of the audio, and at most at its end."""
        self._position = max(0, min(sample, self.samples))
        self._file.seek(self._layout.start + self._position * self._layout.frame_width)

    def close(self) -> None:
        """Close the file; further calls do nothing."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def read_wav(path: str | os.PathLike[str]) -> WavAudio:
    """Return the audio of a WAV file (blocking).

    Raises:
        WavError: when it is no WAV file, or of a kind that is not read; says what to do.
        OSError: when the file cannot be opened.
    """
    return parse_wav(Path(path).read_bytes(), name=os.fspath(path))


def parse_wav(content: bytes, name: str = "WAV data") -> WavAudio:
    """Return the audio of a WAV file's content; `name` stands in the errors.

    Raises:
        WavError: as `read_wav`.
    """
    layout = find_audio(io.BytesIO(content), name)
    payload = content[layout.start : layout.start + layout.size]
    return WavAudio(layout.decode(payload), layout.rate, layout.encoding, payload, layout.truncated)
