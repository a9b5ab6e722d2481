"""`Span`: a stretch of one channel that is to be silent, as an event of another plugin told it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Final

from audiohook_fw import Event, MediaFormat

__all__ = ["REDACTED", "Span", "SpanCounts", "read_span"]

REDACTED: Final = "redact.span"
"""The type of the event. It is known by name: the recorder depends on no other plugin."""
AHEAD: Final = 120
"""Seconds by which a span may be ahead of the call; what is farther is a mistake."""
_KIND: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
"""What is listed as it came: a word, which cannot be what was said."""
_UNKNOWN: Final = "other"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of call time in which one channel is to be silent, in samples.

    Attributes:
        number: of the channel, in the order of the recording. kind: of what was said; never what.
    """

    channel: str
    number: int
    kind: str
    start: int
    end: int


@dataclass(slots=True)
class SpanCounts:
    """What became of the spans of all calls.

    Attributes:
        silenced: nothing of them can be heard. late: some of them can, since it was encrypted or given up.
        refused: they made no sense; changed by the event loop, the others by the writer's thread.
    """

    silenced: int = 0
    late: int = 0
    refused: int = 0


def read_span(event: Event, media: MediaFormat, *, margin: float, position: int) -> Span:
    """Return what an event says, whoever emitted it.

    Args:
        margin: seconds that are added on both sides.
        position: call time now, in samples.

    Raises:
        ValueError: it makes no sense; names the field, and nothing that came in it.
    """
    channel, kind = getattr(event, "channel", None), getattr(event, "kind", None)
    if not isinstance(channel, str) or channel not in media.channels:
        raise ValueError(f"its channel is none of: {', '.join(media.channels)}")
    start, length = _samples(event, "start"), _samples(event, "length")
    most = position + AHEAD * media.rate
    if max(start, length) > most or start + length > most:  # an int may be too large to add
        raise ValueError(f"its end is more than {AHEAD} s ahead of the call")
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        kind = _UNKNOWN  # no reason to let it be heard
    wider = round(margin * media.rate)
    return Span(
        channel,
        media.channels.index(channel),
        kind,
        max(0, math.floor(start) - wider),
        math.ceil(start + length) + wider,
    )


def _samples(event: Event, name: str) -> int | float:
    value = getattr(event, name, None)
    if not isinstance(value, Real) or isinstance(value, bool):  # those of numpy are real, too
        raise ValueError(f"its {name} is no number of samples")
    number = int(value) if isinstance(value, Integral) else float(value)
    if isinstance(number, float) and not math.isfinite(number):  # an int may be too large to ask
        raise ValueError(f"its {name} is no number of samples")
    if number < 0:
        raise ValueError(f"its {name} is negative")
    return number
