"""What reading and writing WAV files have in common."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal

import numpy as np

from audiohook_fw.errors import AudiohookError

from .g711 import Samples, ulaw_decode

__all__ = ["TAG_EXTENSIBLE", "TAG_PCM", "TAG_ULAW", "WavError", "WavLayout", "find_audio"]

TAG_PCM: Final = 1
TAG_ULAW: Final = 7
TAG_EXTENSIBLE: Final = 0xFFFE

_GUID_TAIL: Final = bytes.fromhex("000000001000800000aa00389b71")
_NAMES: Final = {3: "floating point", 6: "A-law", 17: "ADPCM", 49: "GSM", 85: "MP3"}
_CONVERT: Final = "convert it first, for example with: ffmpeg -i IN.wav -c:a pcm_s16le OUT.wav"
_FMT_SIZE: Final = 40  # bytes of a fmt chunk that mean something


class WavError(AudiohookError, ValueError):
    """A WAV file cannot be read or written; says which, what is wrong and what to do."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self.problem = problem
        super().__init__(name, problem)

    def __str__(self) -> str:
        return f"{self.name}: {self.problem}"


@dataclass(frozen=True, slots=True)
class WavLayout:
    """Where the audio of a WAV file is, and how it is stored.

    Attributes:
        start: of the audio, and size: of it, in bytes; whole samples for all channels.
        truncated: whether the file was never finished or has lost its end.
    """

    encoding: Literal["PCMU", "L16"]
    channels: int
    rate: int
    start: int = 0
    size: int = 0
    truncated: bool = False

    @property
    def frame_width(self) -> int:
        """Bytes of one sample for all channels."""
        return self.channels * (1 if self.encoding == "PCMU" else 2)

    def decode(self, payload: bytes) -> Samples:
        """Return the samples of some of the audio: read-only int16 of shape `(n, channels)`."""
        if self.encoding == "PCMU":
            flat = ulaw_decode(payload)
        else:
            flat = np.frombuffer(payload, "<i2").astype(np.int16, copy=False)
        flat.setflags(write=False)
        return flat.reshape(-1, self.channels)


def find_audio(file: BinaryIO, name: str) -> WavLayout:
    """Read the chunks of a WAV file up to its audio; raises the `WavError` of `read_wav`."""
    total = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"RF64":
        raise WavError(name, f"RF64 files are not read: {_CONVERT}")
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise WavError(name, "this is not a WAV file: give one that starts with RIFF and WAVE")
    finished = int.from_bytes(head[4:8], "little") + 8 == total
    format_: WavLayout | None = None
    offset = 12
    while offset + 8 <= total:
        file.seek(offset)
        kind, size = struct.unpack("<4sI", file.read(8))
        offset += 8
        if kind == b"data":
            if format_ is None:
                raise WavError(name, "its data has no fmt chunk before it: the file is damaged")
            available = total - offset
            truncated = size > available or (size == 0 and available > 0 and not finished)
            size = available if truncated else size
            size -= size % format_.frame_width
            return WavLayout(format_.encoding, format_.channels, format_.rate, offset, size, truncated)
        if kind == b"fmt ":
            format_ = _parse_format(file.read(min(size, _FMT_SIZE)), name)
        offset += size + size % 2  # chunks begin at even offsets
    raise WavError(name, "it has no data chunk: the file is empty or cut off in its header")


def _parse_format(chunk: bytes, name: str) -> WavLayout:
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
    return WavLayout("PCMU" if tag == TAG_ULAW else "L16", channels, rate)
