"""Audio, keys and words that are found again wherever they went: as bytes, as text, and as sound."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from audiohook_fw.audio import Samples, ulaw_decode

__all__ = ["Mark", "find_sound"]

FRAME = 1600
"""Samples of a frame: 200 ms."""
PIECE = 48
"""Bytes of audio that no other audio has by chance."""
LIKE = 0.4
"""Correlation from which sound is taken for a mark; that of other sound stays below 0.15."""


class Mark:
    """What one call sends where it must not: random frames of stereo PCMU, a long "key", and what is heard.

    Attributes:
        frames: payloads. digits: the key. word: what the speech recognition makes of the audio.
    """

    def __init__(self, number: int, *, frames: int = 4) -> None:
        audio = np.random.default_rng(0xCA2D + number).integers(0, 256, (frames, 2 * FRAME), np.uint8)
        self.frames = [bytes(frame) for frame in audio]
        self.digits = f"49291376800{number:05}"
        self.word = "xylophone" + "".join(chr(ord("a") + int(digit)) for digit in f"{number:03}")
        self._needles = [(kind, needle) for frame in self.frames for kind, needle in _needles(frame)]
        self._needles += [("digits", self.digits.encode()), ("word", self.word.encode())]

    def find(self, content: bytes) -> set[str]:
        """Return as what it is in some bytes."""
        return {kind for kind, needle in self._needles if needle in content}

    def sounds(self) -> Iterator[Samples]:
        """Yield what it sounds like, a channel of a frame at a time."""
        for frame in self.frames:
            yield from ulaw_decode(frame).reshape(-1, 2).T


def _needles(frame: bytes) -> Iterator[tuple[str, bytes]]:
    pcm = ulaw_decode(frame).reshape(-1, 2)
    for start in (0, 1200, 2400):
        yield "raw", frame[start : start + PIECE]
        yield "pcm", pcm.astype("<i2").tobytes()[2 * start : 2 * (start + PIECE)]
    for channel in (0, 1):
        for start in (0, 700, 1400):
            yield "channel", frame[channel::2][start : start + PIECE]
            yield "pcm", pcm[start : start + PIECE, channel].astype("<i2").tobytes()
    yield "hex", frame[:PIECE].hex().encode()
    yield "hex", frame[:PIECE].hex().upper().encode()
    yield "base64", b64encode(frame)[:PIECE]
    yield "repr", repr(frame[:PIECE])[2:-1].encode()


def find_sound(mark: Mark, samples: Samples) -> float:
    """Return how much like a mark some part of audio is: 1.0 is the mark itself, however loud.

    Args:
        samples: of shape `(n, channels)`.
    """
    best = 0.0
    for column in samples.T:
        for sound in mark.sounds():
            best = max(best, _likeness(column.astype(np.float64), sound.astype(np.float64)))
    return best


def _likeness(audio: npt.NDArray[np.float64], sound: npt.NDArray[np.float64]) -> float:
    if len(audio) < len(sound):
        audio = np.pad(audio, (0, len(sound) - len(audio)))
    size = 1 << int(np.ceil(np.log2(len(audio) + len(sound))))
    product = np.fft.irfft(np.fft.rfft(audio, size) * np.conj(np.fft.rfft(sound, size)), size)
    product = product[: len(audio) - len(sound) + 1]
    sums = np.concatenate([[0.0], np.cumsum(audio**2)])
    energy = sums[len(sound) :] - sums[: len(sums) - len(sound)]
    scale = np.sqrt(np.maximum(energy, 1.0) * float(sound @ sound))
    return float(np.max(np.abs(product) / scale))
