"""G.711 µ-law by table: one numpy look-up per frame, no arithmetic and no `audioop`.

Both tables are made from the definition when the module is imported (about 2 ms).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["ULAW_SILENCE", "Samples", "ulaw_decode", "ulaw_encode"]

Samples = npt.NDArray[np.int16]
"""Signed 16-bit samples; shape `(n,)` for one channel, `(n, channels)` for several."""

ULAW_SILENCE: Final = b"\xff"
"""The µ-law byte of the sample 0. (0x7F decodes to 0 as well, but is never written for silence.)"""

_BIAS: Final = 33  # in 14-bit units: makes every segment start at a power of two
_MAX_MAGNITUDE: Final = 8158  # the largest 14-bit magnitude that is not clipped


def ulaw_decode(payload: bytes | bytearray | memoryview) -> Samples:
    """Return the samples of µ-law bytes: int16 of shape `(len(payload),)`, at most ±32124.

    Every byte is valid. The array is new and belongs to the caller.
    """
    return _DECODE.take(np.frombuffer(payload, np.uint8))


def ulaw_encode(samples: Samples) -> bytes:
    """Return the µ-law bytes of int16 samples, in C order (so `(n, channels)` comes out interleaved).

    A sample goes to the interval of G.711 table 2a it lies in; a sample on a decision value goes
    away from zero, for both signs alike. `ulaw_encode(ulaw_decode(b))` gives back every byte but
    0x7F, which is a second zero and becomes 0xFF.

    Raises:
        TypeError: when the array is not int16, since scaling is the caller's to decide.
    """
    if samples.dtype != np.int16:
        raise TypeError(f"µ-law needs int16 samples, not {samples.dtype}: scale and convert them first")
    return _ENCODE.take(np.ascontiguousarray(samples).view(np.uint16)).tobytes()


def _decode_table() -> Samples:
    code = ~np.arange(256, dtype=np.uint8)  # the wire carries the complement
    exponent = (code >> 4 & 7).astype(np.int32)
    mantissa = (code & 15).astype(np.int32)
    magnitude = (((2 * mantissa + _BIAS) << exponent) - _BIAS) * 4
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _encode_table() -> npt.NDArray[np.uint8]:
    # Indexed by the sample seen as uint16, which is how the array's bytes are without a copy.
    samples = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    biased = np.minimum(np.abs(samples) >> 2, _MAX_MAGNITUDE) + _BIAS
    exponent = np.log2(biased).astype(np.int32) - 5
    mantissa = biased >> (exponent + 1) & 15
    sign = np.where(samples < 0, 0x80, 0)
    code: npt.NDArray[np.uint8] = (sign | exponent << 4 | mantissa).astype(np.uint8)
    return ~code


_DECODE: Final = _decode_table()
_ENCODE: Final = _encode_table()
