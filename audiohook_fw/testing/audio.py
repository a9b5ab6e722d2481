"""`CallAudio`: what is said in a test's call, cut into binary frames."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from audiohook_fw.audio import ByteOrder, Samples
from audiohook_fw.client import SOURCE_RATE, AudioSource
from audiohook_fw.protocol import CHANNELS, MediaFormat

__all__ = ["STEREO", "CallAudio", "as_samples", "cut"]

STEREO: Final = MediaFormat("PCMU", CHANNELS)
"""What Genesys offers first: both channels in PCMU, the customer's before the other."""


@dataclass(frozen=True, slots=True)
class CallAudio:
    """A piece of audio of some length, which any format of a call can be made of.

    Attributes:
        source: the samples.
        seconds: how much of them is played.
    """

    source: AudioSource
    seconds: float

    @classmethod
    def tone(cls, seconds: float = 1.0) -> CallAudio:
        """Make tones: 440 Hz on the external channel, 660 Hz on the internal one."""
        return cls(AudioSource.tone(), seconds)

    @classmethod
    def silence(cls, seconds: float = 1.0) -> CallAudio:
        """Make silence."""
        return cls(AudioSource.silence(), seconds)

    @classmethod
    def conversation(cls) -> CallAudio:
        """Take the conversation that comes with the package (about 45 s)."""
        return cls._whole(AudioSource.conversation())

    @classmethod
    def wav(cls, path: str | os.PathLike[str]) -> CallAudio:
        """Read a WAV file: mono or stereo, 16-bit PCM or µ-law, any rate.

        Raises:
            OSError: when it cannot be opened. WavError, ValueError: when it is not such a file, or empty.
        """
        return cls._whole(AudioSource.wav(path))

    @classmethod
    def samples(cls, samples: npt.ArrayLike) -> CallAudio:
        """Take samples (int16, 8,000 Hz) of shape `(n, 2)`, or `(n,)` for the same on both channels.

        Raises:
            ValueError: for another shape or type.
        """
        return cls._whole(AudioSource(as_samples(samples, len(CHANNELS))))

    @classmethod
    def _whole(cls, source: AudioSource) -> CallAudio:
        return cls(source, source.duration or 0.0)

    def first(self, seconds: float) -> CallAudio:
        """Return the first seconds of it; beyond its end is silence."""
        return replace(self, seconds=seconds)

    def frames(
        self, media: MediaFormat = STEREO, *, frame_ms: float = 200.0, byte_order: ByteOrder = "little"
    ) -> Iterator[bytes]:
        """Yield the payloads of binary frames in a format; the last one may be shorter.

        Args:
            media: such as `MediaFormat("L16", ("internal",))`; a channel that is not there is silent.
            frame_ms: milliseconds of each frame. byte_order: of L16.

        Raises:
            ValueError: when a frame is no sample long.
        """
        total = round(self.seconds * SOURCE_RATE)
        step = _samples(frame_ms)
        for start in range(0, total, step):
            yield self.source.payload(start, min(step, total - start), media, byte_order)


def as_samples(samples: npt.ArrayLike, channels: int) -> Samples:
    """Return samples of shape `(n, channels)`; one column goes to all channels.

    Raises:
        ValueError: for another shape or type than int16.
    """
    array = np.asarray(samples)
    if array.dtype != np.int16:
        raise ValueError(f"samples are int16, not {array.dtype}: scale and convert them first")
    if array.ndim == 1:
        array = np.repeat(array[:, np.newaxis], channels, axis=1)
    if array.ndim != 2 or array.shape[1] != channels:
        raise ValueError(f"samples of shape {array.shape} do not fit {channels} channels")
    return array


def cut(payload: bytes, media: MediaFormat, frame_ms: float) -> Iterator[bytes]:
    """Yield a payload in frames of so many milliseconds."""
    step = _samples(frame_ms) * media.frame_width
    for start in range(0, len(payload), step):
        yield payload[start : start + step]


def _samples(frame_ms: float) -> int:
    step = round(frame_ms * SOURCE_RATE / 1000)
    if step < 1:
        raise ValueError(f"a frame of {frame_ms} ms has no sample")
    return step
