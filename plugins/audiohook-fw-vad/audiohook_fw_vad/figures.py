"""Who spoke how long, how often at once, and who interrupted whom: from the segments of a call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .events import Conversation, Party

__all__ = ["Segment", "conversation"]


class Segment(NamedTuple):
    """Speech of one channel: samples `[start, end)` of call time."""

    start: int
    end: int
    channel: str


def conversation(
    segments: Iterable[Segment],
    channels: Sequence[str],
    *,
    rate: int,
    judged: int,
    unjudged: int,
    interruption: int,
) -> Conversation:
    """Sum up the segments of a call; those of one channel never overlap.

    Args:
        interruption: samples for which somebody must speak on who began while another spoke.
    """
    ordered = sorted(segments)
    any_talk, overlap = _covered(ordered)
    return Conversation(
        rate=rate,
        judged=judged,
        unjudged=unjudged,
        silence=max(judged - any_talk, 0),
        overlap=overlap,
        parties=tuple(_party(channel, ordered, interruption) for channel in channels),
    )


def _covered(ordered: Sequence[Segment]) -> tuple[int, int]:
    """Return for how many samples anybody spoke, and for how many more than one party."""
    edges = sorted([(s.start, 1) for s in ordered] + [(s.end, -1) for s in ordered])
    any_talk = overlap = speaking = last = 0
    for position, change in edges:
        any_talk += position - last if speaking else 0
        overlap += position - last if speaking > 1 else 0
        speaking, last = speaking + change, position
    return any_talk, overlap


def _party(channel: str, ordered: Sequence[Segment], interruption: int) -> Party:
    lengths = [s.end - s.start for s in ordered if s.channel == channel]
    return Party(
        channel=channel,
        talk=sum(lengths),
        segments=len(lengths),
        longest=max(lengths, default=0),
        interruptions=_interruptions(channel, ordered, interruption),
    )


def _interruptions(channel: str, ordered: Sequence[Segment], shortest: int) -> int:
    """Count how often a channel began while another had begun before and was not done."""
    count = others_end = 0
    for segment in ordered:  # by start
        if segment.channel != channel:
            others_end = max(others_end, segment.end)
        elif segment.start < others_end and segment.end - segment.start >= shortest:
            count += 1
    return count
