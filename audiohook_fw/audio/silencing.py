"""Takes sound out of one channel, and leaves the others as they are."""

from __future__ import annotations

from audiohook_fw.protocol import MediaFormat

from .g711 import ULAW_SILENCE

__all__ = ["silenced"]


def silenced(payload: bytes, media: MediaFormat, channel: int, start: int, end: int) -> bytes:
    """Return a payload in which one channel is silent from one sample to before another one.

    Of either byte order. What lies outside of the payload is left out.

    Args:
        channel: its place in `media.channels`.

    Raises:
        ValueError: when there is no such channel.
    """
    if not 0 <= channel < len(media.channels):
        raise ValueError(f"there is no channel {channel} in {media}")
    width, sample = media.frame_width, media.sample_width
    start, end = max(0, start), min(end, len(payload) // width)
    if end <= start:
        return payload
    zero = (ULAW_SILENCE if media.format == "PCMU" else b"\0") * (end - start)
    changed = bytearray(payload)
    for byte in range(channel * sample, (channel + 1) * sample):
        changed[start * width + byte : end * width : width] = zero
    return bytes(changed)
