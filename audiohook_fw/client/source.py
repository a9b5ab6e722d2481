"""What a simulated caller says: payload by sample range, for the media that the server selected."""

from __future__ import annotations

import os
from typing import Final

import numpy as np

from audiohook_fw import audio
from audiohook_fw.audio import ByteOrder, Samples, WavAudio
from audiohook_fw.protocol import CHANNELS, MediaFormat

__all__ = ["SOURCE_RATE", "AudioSource"]

SOURCE_RATE: Final = 8000
"""The only rate of the protocol, in samples per second."""
_TONES: Final = {"external": 440, "internal": 660}


class AudioSource:
    """Samples of up to two channels, shared by any number of calls; encoded only when asked for.

    Args:
        samples: int16 of shape `(n, channels)` at 8,000 Hz.
        channels: the names of the columns. A channel that is not there is silent.
        loop: begin again at the end; else silence follows.
    """

    __slots__ = ("_columns", "_loop", "_samples")

    def __init__(self, samples: Samples, channels: tuple[str, ...] = CHANNELS, *, loop: bool = False) -> None:
        self._samples = samples
        self._columns = {name: column for column, name in enumerate(channels)}
        self._loop = loop and len(samples) > 0

    def __repr__(self) -> str:
        return f"AudioSource({len(self._samples)} samples of {', '.join(self._columns)})"

    @classmethod
    def from_audio(cls, wav: WavAudio) -> AudioSource:
        """Make a source of a WAV file's audio; mono is the external channel (the customer).

        Raises:
            ValueError: when it holds no audio.
        """
        if not len(wav.samples):
            raise ValueError("it holds no audio")
        samples = audio.resample(wav.samples, wav.rate, SOURCE_RATE)
        return cls(samples, CHANNELS[: wav.channels])

    @classmethod
    def wav(cls, path: str | os.PathLike[str]) -> AudioSource:
        """Read a WAV file (blocking): mono or stereo, 16-bit PCM or µ-law, any rate.

        Raises:
            OSError: when it cannot be opened.
            WavError: when it is not such a file.
            ValueError: when it holds no audio.
        """
        return cls.from_audio(audio.read_wav(path))

    @classmethod
    def tone(cls) -> AudioSource:
        """Make endless tones: 440 Hz on the external channel, 660 Hz on the internal one."""
        # One second holds whole periods of both, so that it can be repeated without a click.
        tones = [audio.tone(_TONES[name], 1.0, SOURCE_RATE) for name in CHANNELS]
        return cls(audio.interleave(*tones), loop=True)

    @classmethod
    def silence(cls) -> AudioSource:
        """Make endless silence."""
        return cls(np.zeros((0, len(CHANNELS)), np.int16))

    @classmethod
    def conversation(cls) -> AudioSource:
        """Take the conversation that comes with the package (about 45 s)."""
        return cls.from_audio(audio.conversation())

    @property
    def duration(self) -> float | None:
        """Seconds until its end; `None` when it has no end of its own."""
        return None if self._loop or not len(self._samples) else len(self._samples) / SOURCE_RATE

    def samples(self, start: int, length: int) -> Samples:
        """Return `length` samples from `start` on, of shape `(length, channels)`."""
        total = len(self._samples)
        if self._loop:
            return self._samples.take(np.arange(start, start + length) % total, axis=0)
        taken = self._samples[start : start + length]
        missing = length - len(taken)
        return np.pad(taken, ((0, missing), (0, 0))) if missing else taken

    def payload(self, start: int, length: int, media: MediaFormat, byte_order: ByteOrder = "little") -> bytes:
        """Return `length` samples per channel from `start` on, encoded for `media`."""
        samples = self.samples(start, length)
        chosen = np.zeros((length, len(media.channels)), np.int16)
        for index, name in enumerate(media.channels):
            column = self._columns.get(name)
            if column is not None:
                chosen[:, index] = samples[:, column]
        return audio.encode(chosen, media, byte_order)
