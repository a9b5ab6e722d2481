"""One piece of a call's audio, as every plugin sees it.

A frame is made for each binary message of each call, so making one costs little and decoding waits
until somebody asks. All plugins of a call share one frame: treat it as immutable.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from audiohook_fw.protocol import MediaFormat

from .codec import ByteOrder, decode
from .g711 import Samples

__all__ = ["AudioFrame"]


class AudioFrame:
    """Audio of all channels, with its place in call time. Two frames are equal only if they are one.

    Attributes:
        payload: the bytes as received, interleaved.
        media: the selected format, which names the channels in their order.
        position: call time of the first sample, in samples.
        length: samples per channel.
        gap_before: samples of call time missing right before it: paused, discarded or dropped.
        dropped_before: the part of `gap_before` that this plugin's own lane dropped; 0 for others.
        byte_order: of L16 samples; without meaning for PCMU.

    Raises:
        ValueError: when the payload is not whole samples for all channels.
    """

    __slots__ = (
        "_origin",
        "_samples",
        "byte_order",
        "dropped_before",
        "gap_before",
        "length",
        "media",
        "payload",
        "position",
    )

    def __init__(
        self,
        payload: bytes,
        media: MediaFormat,
        position: int,
        gap_before: int = 0,
        byte_order: ByteOrder = "little",
        dropped_before: int = 0,
        _length: int | None = None,
        _origin: AudioFrame | None = None,
    ) -> None:
        self.payload: Final = payload
        self.media: Final = media
        self.position: Final = position
        self.length: Final[int] = media.samples(len(payload)) if _length is None else _length
        self.gap_before: Final = gap_before
        self.dropped_before: Final = dropped_before
        self.byte_order: Final[ByteOrder] = byte_order
        self._origin: Final = _origin
        self._samples: Samples | None = None

    def __repr__(self) -> str:
        gap = f", gap_before={self.gap_before}" if self.gap_before else ""
        return (
            f"AudioFrame({self.media.format} {'+'.join(self.media.channels)},"
            f" position={self.position}, length={self.length}{gap})"
        )

    @property
    def end(self) -> int:
        """Call time right after the last sample, in samples."""
        return self.position + self.length

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.length / self.media.rate

    @property
    def samples(self) -> Samples:
        """The samples: read-only int16 of shape `(length, channels)`, decoded on first use, once for all.

        Safe from any thread; two threads that ask first at the same time may both decode.
        """
        frame = self if self._origin is None else self._origin
        samples = frame._samples
        if samples is None:
            samples = frame._samples = decode(frame.payload, frame.media, frame.byte_order)
        return samples

    def channel(self, name: str) -> Samples:
        """Return the samples of one channel: a read-only view of shape `(length,)`.

        Raises:
            KeyError: when the call's media does not have that channel.
        """
        return self.samples[:, self._index(name)]

    def channel_bytes(self, name: str) -> bytes:
        """Return the payload of one channel, its bytes as received.

        Raises:
            KeyError: when the call's media does not have that channel.
        """
        index, count = self._index(name), len(self.media.channels)
        if count == 1:
            return self.payload
        if self.media.sample_width == 1:
            return self.payload[index::count]
        return np.frombuffer(self.payload, np.uint16)[index::count].tobytes()

    def with_gap(self, dropped: int, *, carried: int = 0) -> AudioFrame:
        """Return a view that says its lane dropped `dropped` samples right before it.

        `carried` are the gaps that the dropped frames told of: missing too, but not dropped by the lane.
        The view shares payload and decoded samples with this frame, whichever is asked first.
        """
        return AudioFrame(
            self.payload,
            self.media,
            self.position,
            self.gap_before + dropped + carried,
            byte_order=self.byte_order,
            dropped_before=self.dropped_before + dropped,
            _length=self.length,
            _origin=self if self._origin is None else self._origin,
        )

    def _index(self, name: str) -> int:
        try:
            return self.media.channels.index(name)
        except ValueError:
            have = ", ".join(self.media.channels) or "none"
            raise KeyError(f"this call has no channel {name!r}; it has: {have}") from None
