"""From payload bytes to samples and back, for both formats of the protocol (protocol 3)."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from audiohook_fw.protocol import MediaFormat

from .g711 import Samples, ulaw_decode, ulaw_encode

__all__ = ["ByteOrder", "decode", "encode"]

ByteOrder = Literal["little", "big"]
"""Byte order of L16: the protocol does not say which, so it is a setting of the key."""

_L16: Final = {"little": np.dtype("<i2"), "big": np.dtype(">i2")}


def decode(payload: bytes, media: MediaFormat, byte_order: ByteOrder = "little") -> Samples:
    """Return the samples of a payload: read-only int16 of shape `(n, channels)`.

    Little-endian L16 is not copied. The channels are in the order of `media.channels`.

    Raises:
        ValueError: when the payload is not whole samples for all channels.
    """
    if media.format == "PCMU":
        flat = ulaw_decode(payload)
    else:
        flat = np.frombuffer(payload, _L16[byte_order]).astype(np.int16, copy=False)
    flat.setflags(write=False)  # before reshape: a view of a locked array cannot be unlocked
    return flat.reshape(-1, len(media.channels))


def encode(samples: Samples, media: MediaFormat, byte_order: ByteOrder = "little") -> bytes:
    """Return the payload of int16 samples of shape `(n, channels)`; `(n,)` will do for one channel.

    Raises:
        TypeError: when the array is not int16.
        ValueError: when it does not have as many channels as `media`.
    """
    channels = samples.shape[1] if samples.ndim == 2 else 1
    if samples.ndim not in (1, 2) or channels != len(media.channels):
        raise ValueError(f"samples of shape {samples.shape} do not fit the channels {list(media.channels)}")
    if media.format == "PCMU":
        return ulaw_encode(samples)
    if samples.dtype != np.int16:
        raise TypeError(f"L16 needs int16 samples, not {samples.dtype}: scale and convert them first")
    return samples.astype(_L16[byte_order], copy=False).tobytes()
