"""What a recording of a simulated call must hold: every sample sent, every pause and every discard."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np

from audiohook_fw import audio
from audiohook_fw.audio import ByteOrder
from audiohook_fw.protocol import ClockGap, MediaFormat, StreamClock

__all__ = ["Ledger", "PauseSpan", "Span"]

_SILENCE: Final = {"PCMU": 0xFF, "L16": 0}


@dataclass(slots=True)
class Span:
    """Audio that was sent without a gap: `length` samples from `position` of call time on."""

    position: int
    length: int

    @property
    def end(self) -> int:
        """The sample right after the last."""
        return self.position + self.length


@dataclass(slots=True)
class PauseSpan:
    """A pause from `start` (samples) on; `length` is `None` when the call ended in it.

    `client` and `server` tell who paused at any time of it.
    """

    start: int
    length: int | None = None
    client: bool = False
    server: bool = False


class Ledger:
    """The books of one call, kept as the server has to keep them (protocol: position).

    Positions follow the messages that were sent, so they are right for the official client's false
    claims, too. The bytes themselves are kept only when asked for.

    Attributes:
        media: the selected format; `None` when there was none.
        spans: all audio sent. pauses, discards: with call-time start and length in samples.
        audio_bytes: bytes of audio sent.
    """

    __slots__ = ("_bytes", "_clock", "_hash", "audio_bytes", "discards", "media", "pauses", "spans")

    def __init__(self, media: MediaFormat | None = None, *, keep_audio: bool = False) -> None:
        self.media = media
        self.spans: list[Span] = []
        self.pauses: list[PauseSpan] = []
        self.discards: list[ClockGap] = []
        self.audio_bytes = 0
        self._bytes = bytearray() if keep_audio else None
        self._hash = hashlib.sha256()
        self._clock = StreamClock(media.rate if media else 8000, opened_at=0.0, max_gap=None)

    @property
    def position(self) -> int:
        """Call time so far, in samples: how long a recording is."""
        return self._clock.position

    @property
    def samples(self) -> int:
        """Samples per channel that were sent."""
        return self._clock.audio

    @property
    def sha256(self) -> str:
        """The hash of all audio sent, in hex."""
        return self._hash.hexdigest()

    def audio(self, payload: bytes, samples: int) -> None:
        """Enter a frame."""
        position, _ = self._clock.advance(samples)
        if self.spans and self.spans[-1].end == position:
            self.spans[-1].length += samples
        else:
            self.spans.append(Span(position, samples))
        self.audio_bytes += len(payload)
        self._hash.update(payload)
        if self._bytes is not None:
            self._bytes += payload

    def discarded(self, start: int, length: int) -> None:
        """Enter a `discarded`."""
        self.discards.append(self._clock.discard(start, length, 0.0))

    def paused(self, *, client: bool, server: bool) -> None:
        """Enter a `paused`, with the two flags as they are now."""
        if not self.pauses or self.pauses[-1].length is not None:
            self.pauses.append(PauseSpan(self.position))
        self.pauses[-1].client |= client
        self.pauses[-1].server |= server

    def resumed(self, start: int, length: int) -> None:
        """Enter a `resumed`."""
        gap = self._clock.resume(start, length, 0.0)
        if self.pauses and self.pauses[-1].length is None:
            self.pauses[-1].length = gap.length

    def recording(self, media: MediaFormat | None = None, byte_order: ByteOrder = "little") -> bytes:
        """Return what a recording holds, gaps as silence (µ-law 0xFF).

        Args:
            media: the recording's format: channels in any order, other encoding; the default is as
                sent. A channel that was not sent is a `ValueError`.
            byte_order: of L16, sent or wanted.

        Raises:
            ValueError: when the audio was not kept (`keep_audio`), or none was selected.
        """
        if self._bytes is None or self.media is None:
            raise ValueError("there is no audio: it was not kept, or the server selected no media")
        sent, wanted = self.media, media or self.media
        width, channels = sent.sample_width, len(sent.channels)
        frames = np.frombuffer(bytes(self._bytes), np.uint8).reshape(-1, channels, width)
        whole = np.full((self.position, channels, width), _SILENCE[sent.format], np.uint8)
        taken = 0
        for span in self.spans:
            whole[span.position : span.end] = frames[taken : taken + span.length]
            taken += span.length
        whole = whole[:, [sent.channels.index(name) for name in wanted.channels]]
        if wanted.format == sent.format:
            return whole.tobytes()
        chosen = MediaFormat(sent.format, wanted.channels, sent.rate)
        return audio.encode(audio.decode(whole.tobytes(), chosen, byte_order), wanted, byte_order)
