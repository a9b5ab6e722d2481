"""Reads WAV files: µ-law and 16-bit PCM, mono and stereo, finished or broken off.

Files that a killed program left behind say 0, 0xFFFFFFFF or too much as their size; they are read
to their end. Reading is for files, the simulator and tests: the whole file is held in memory.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from .g711 import Samples, ulaw_decode
from .wav_format import TAG_EXTENSIBLE, TAG_PCM, TAG_ULAW, WavError

__all__ = ["WavAudio", "parse_wav", "read_wav"]

_GUID_TAIL: Final = bytes.fromhex("000000001000800000aa00389b71")
_NAMES: Final = {3: "floating point", 6: "A-law", 17: "ADPCM", 49: "GSM", 85: "MP3"}
_CONVERT: Final = "convert it first, for example with: ffmpeg -i IN.wav -c:a pcm_s16le OUT.wav"


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


@dataclass(frozen=True, slots=True)
class _Format:
    encoding: Literal["PCMU", "L16"]
    channels: int
    rate: int

    @property
    def frame_width(self) -> int:
        return self.channels * (1 if self.encoding == "PCMU" else 2)


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
    if content[:4] == b"RF64":
        raise WavError(name, f"RF64 files are not read: {_CONVERT}")
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise WavError(name, "this is not a WAV file: give one that starts with RIFF and WAVE")
    finished = int.from_bytes(content[4:8], "little") + 8 == len(content)
    format_: _Format | None = None
    offset = 12
    while offset + 8 <= len(content):
        kind, size = struct.unpack_from("<4sI", content, offset)
        offset += 8
        if kind == b"data":
            if format_ is None:
                raise WavError(name, "its data has no fmt chunk before it: the file is damaged")
            return _audio(content, offset, size, format_, finished=finished)
        if kind == b"fmt ":
            format_ = _parse_format(content[offset : offset + size], name)
        offset += size + size % 2  # chunks begin at even offsets
    raise WavError(name, "it has no data chunk: the file is empty or cut off in its header")


def _audio(content: bytes, start: int, size: int, format_: _Format, *, finished: bool) -> WavAudio:
    available = len(content) - start
    truncated = size > available or (size == 0 and available > 0 and not finished)
    if truncated:
        size = available
    width = format_.frame_width
    payload = content[start : start + size - size % width]
    if format_.encoding == "PCMU":
        flat = ulaw_decode(payload)
    else:
        flat = np.frombuffer(payload, "<i2").astype(np.int16, copy=False)
    flat.setflags(write=False)
    samples = flat.reshape(-1, format_.channels)
    return WavAudio(samples, format_.rate, format_.encoding, payload, truncated)


def _parse_format(chunk: bytes, name: str) -> _Format:
    if len(chunk) < 16:
        raise WavError(name, "its fmt chunk is too short: the file is damaged")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == TAG_EXTENSIBLE and chunk[26:40] == _GUID_TAIL:
        tag = int.from_bytes(chunk[24:26], "little")
    if (tag, bits) not in ((TAG_ULAW, 8), (TAG_PCM, 16)):
        found = f"{bits}-bit PCM" if tag == TAG_PCM else _NAMES.get(tag, f"format {tag:#x}")
        raise WavError(name, f"it holds {found}; µ-law and 16-bit PCM are read: {_CONVERT}")
    if channels not in (1, 2):
        raise WavError(name, f"it has {channels} channels; mono and stereo are read: {_CONVERT} (with -ac 2)")
    if rate == 0:
        raise WavError(name, "its sample rate is 0: the file is damaged")
    return _Format("PCMU" if tag == TAG_ULAW else "L16", channels, rate)
