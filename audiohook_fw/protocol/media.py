"""Media formats: what the client offers, and how many samples a number of bytes is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

__all__ = ["CHANNELS", "MediaFormat", "parse_offers"]

CHANNELS: Final = ("external", "internal")
"""The channel names: `external` is the customer, `internal` what the customer hears."""

_MAX_RATE: Final = 192_000
"""More samples a second than any telephone or studio uses: such an offer is nonsense."""

_WIDTHS: Final = {"PCMU": 1, "L16": 2}


@dataclass(frozen=True, slots=True)
class MediaFormat:
    """One audio format, as offered or selected (protocol 3).

    Attributes:
        format: `PCMU` (G.711 µ-law, one byte a sample) or `L16` (two bytes a sample).
        channels: channel names in the order in which their samples are interleaved.
        rate: samples per second and channel.
        frame_width: bytes of one sample of all channels.

    Raises:
        ValueError: for another format.
    """

    format: str
    channels: tuple[str, ...]
    rate: int = 8000
    frame_width: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.format not in _WIDTHS:
            raise ValueError(f"format is {self.format!r}, not one of: {', '.join(_WIDTHS)}")
        object.__setattr__(self, "frame_width", _WIDTHS[self.format] * len(self.channels))

    def __str__(self) -> str:
        return f"{self.format} {'+'.join(self.channels)}"

    @property
    def sample_width(self) -> int:
        """Bytes of one sample of one channel."""
        return _WIDTHS[self.format]

    def samples(self, nbytes: int) -> int:
        """Return how many samples per channel `nbytes` are.

        Raises:
            ValueError: when it is not a whole number of samples for all channels.
        """
        count, rest = divmod(nbytes, self.frame_width)
        if rest:
            raise ValueError(f"{nbytes} bytes are not whole samples of {self.frame_width} bytes")
        return count

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON object of the `media` list: the documented fields and no other."""
        return {"type": "audio", "format": self.format, "channels": list(self.channels), "rate": self.rate}


def parse_offers(offers: Iterable[object]) -> tuple[tuple[MediaFormat, ...], int]:
    """Return the offers that are understood, in order, and the number of those that are not."""
    known: list[MediaFormat] = []
    unknown = 0
    for offer in offers:
        media = _parse_offer(offer)
        if media is None:
            unknown += 1
        else:
            known.append(media)
    return tuple(known), unknown


def _parse_offer(offer: object) -> MediaFormat | None:
    match offer:
        case {
            "type": "audio",
            "format": "PCMU" | "L16" as format_,
            "channels": [*channels],
            "rate": int(rate),
        }:
            names = tuple(c for c in channels if isinstance(c, str) and c in CHANNELS)
            plausible = not isinstance(rate, bool) and 0 < rate <= _MAX_RATE
            if plausible and 0 < len(names) == len(channels) == len(set(names)):
                return _shared(format_, names, rate)
    return None


@lru_cache(maxsize=64)
def _shared(format_: str, channels: tuple[str, ...], rate: int) -> MediaFormat:
    """Return one object for all calls with the same format: nearly all have the same three offers."""
    return MediaFormat(format_, channels, rate)
