"""Talk, silence, overlap and interruptions are what one counts by hand, and add up."""

from __future__ import annotations

import numpy as np
from audiohook_fw_vad import Conversation, Party
from audiohook_fw_vad.figures import Segment, conversation
from hypothesis import given
from hypothesis import strategies as st

CHANNELS = ("external", "internal")


def figures(*segments: tuple[int, int, str], judged: int = 1000) -> Conversation:
    return conversation(
        [Segment(*segment) for segment in segments],
        CHANNELS,
        rate=8000,
        judged=judged,
        unjudged=7,
        interruption=50,
    )


def test_a_call_by_hand() -> None:
    result = figures(
        (0, 300, "internal"), (200, 500, "external"), (600, 640, "internal"), (620, 700, "external")
    )
    assert result == Conversation(
        rate=8000,
        judged=1000,
        unjudged=7,
        silence=400,
        overlap=120,
        parties=(
            Party(channel="external", talk=380, segments=2, longest=300, interruptions=2),
            Party(channel="internal", talk=340, segments=2, longest=300, interruptions=0),
        ),
    )


def test_a_yes_is_no_interruption_nor_is_who_begins_at_the_same_time_or_right_after() -> None:
    result = figures((0, 300, "internal"), (100, 140, "external"), (300, 600, "external"))
    assert [party.interruptions for party in result.parties] == [0, 0]


def test_a_segment_inside_another_with_a_longer_one_before() -> None:
    result = figures((0, 900, "internal"), (100, 200, "external"), (400, 500, "external"))
    assert [party.interruptions for party in result.parties] == [2, 0]
    assert result.overlap == 200


def test_nobody_spoke() -> None:
    assert figures().silence == 1000
    assert figures(judged=0).silence == 0


edges = st.lists(st.integers(0, 999), max_size=12, unique=True).map(sorted)


@given(edges, edges)
def test_it_adds_up(one: list[int], other: list[int]) -> None:
    spoken = np.zeros((2, 1000), dtype=bool)
    segments = []
    for row, (channel, places) in enumerate(zip(CHANNELS, (one, other), strict=True)):
        for start, end in zip(places[::2], places[1::2], strict=False):
            segments.append((start, end, channel))
            spoken[row, start:end] = True
    result = figures(*segments)
    assert result.overlap == (spoken[0] & spoken[1]).sum()
    assert result.silence == 1000 - (spoken[0] | spoken[1]).sum()
    assert [party.talk for party in result.parties] == spoken.sum(axis=1).tolist()
    talk = sum(party.talk for party in result.parties)
    assert talk - result.overlap + result.silence == result.judged
