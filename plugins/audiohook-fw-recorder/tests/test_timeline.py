"""File time, call time, and the way from one to the other, compared with the audio itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from audiohook_fw_recorder.document import GapEntry, MapEntry, RecordedAudio
from audiohook_fw_recorder.timeline import Timeline, cut, pieces_without_gaps, spread
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from audiohook_fw.audio import Samples

CAUSES = ["pause", "discarded", "overflow", "other"]
GAPS = st.lists(
    st.builds(
        lambda start, length, cause: GapEntry(start=start, length=length, cause=cause),
        st.integers(0, 120),
        st.integers(0, 40),
        st.sampled_from(CAUSES),
    ),
    max_size=8,
)


def in_blocks(samples: Samples, size: int) -> Iterator[Samples]:
    return (samples[start : start + size] for start in range(0, len(samples), size))


def joined(blocks: Iterator[Samples], channels: int = 2) -> Samples:
    return np.concatenate([np.zeros((0, channels), np.int16), *blocks])


@example([GapEntry(start=0, length=9, cause="pause")], 9, 5)
@given(GAPS, st.integers(0, 130), st.integers(1, 50))
def test_cut_out_and_put_back_it_is_the_call_again(gaps: list[GapEntry], length: int, size: int) -> None:
    call = np.arange(1, 2 * length + 1, dtype=np.int16).reshape(length, 2)
    missing = np.zeros(length, bool)
    for gap in gaps:
        if gap.cause in ("pause", "discarded"):
            missing[gap.start : gap.start + gap.length] = True
    call[missing] = 0
    pieces = pieces_without_gaps(gaps, length)
    files = joined(cut(in_blocks(call, size), pieces))
    assert np.array_equal(files, call[~missing])

    timeline = Timeline(pieces, call_samples=length)
    assert (timeline.file_samples, timeline.call_samples) == (len(files), length)
    assert np.array_equal(joined(spread(in_blocks(files, size), timeline, channels=2, longest=7)), call)
    there = np.flatnonzero(~missing)
    assert [timeline.call_time(file) for file in range(len(files))] == there.tolist()
    assert [timeline.file_time(int(position)) for position in there] == list(range(len(files)))
    for position in np.flatnonzero(missing):  # of what is cut out: what comes next
        assert timeline.file_time(int(position)) == int((there < position).sum())
    assert timeline.call_time(len(files)) == timeline.call_time(10_000) == length
    assert timeline.file_time(10_000) == len(files)
    assert timeline.file_time(-1) == 0

    described = RecordedAudio.model_validate(facts(len(files), pauses="cut", map=pieces, call_samples=length))
    assert Timeline.of(described).pieces == timeline.pieces


def facts(samples: int, **more: Any) -> dict[str, Any]:
    known = {"format": "wav", "encoding": "PCMU", "rate": 8000, "channels": ["internal"], "files": []}
    return {**known, "samples": samples, **more}


def test_without_a_map_file_time_is_call_time() -> None:
    timeline = Timeline.of(RecordedAudio.model_validate(facts(100)))
    assert [timeline.call_time(at) for at in (0, 50, 99, 100, 101)] == [0, 50, 99, 100, 100]
    assert [timeline.file_time(at) for at in (-1, 0, 50, 99, 100, 101)] == [0, 0, 50, 99, 100, 100]
    empty = Timeline.of(RecordedAudio.model_validate(facts(0)))
    assert (empty.call_time(0), empty.file_time(5)) == (0, 0)


def test_what_is_heard_is_never_cut_out() -> None:
    call = np.ones((100, 2), np.int16)
    gaps = [GapEntry(start=40, length=20, cause="pause")]
    pieces = pieces_without_gaps(gaps, 100)
    with pytest.raises(ValueError, match="there is audio in the gap at 40: it is not cut out"):
        list(cut(in_blocks(call, 100), pieces))
    with pytest.raises(ValueError, match="there is audio in the gap at 100"):  # more than the sidecar knows
        list(cut(in_blocks(np.concatenate([call * 0, call]), 100), pieces_without_gaps([], 100)))
    assert len(joined(cut(in_blocks(call, 30), pieces, only_silence=False))) == 80


def test_audio_that_no_map_knows_is_given_all_the_same() -> None:
    files = np.arange(40, dtype=np.int16).reshape(20, 2)
    timeline = Timeline([MapEntry(file=0, call=5, length=10)], call_samples=15)
    assert np.array_equal(joined(spread(in_blocks(files, 6), timeline, channels=2))[5:], files)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"pauses": "cut"}, "there must be a map when pauses are cut"),
        ({"map": []}, "there must be a map when pauses are cut, and only then"),
        ({"pauses": "cut", "map": [(1, 1, 9)], "call_samples": 10}, "the map is wrong at 1"),
        ({"pauses": "cut", "map": [(0, 5, 5), (5, 9, 5)], "call_samples": 20}, "the map is wrong at 5"),
        ({"pauses": "cut", "map": [(0, 0, 9)], "call_samples": 20}, "the map does not fit the lengths"),
        ({"pauses": "cut", "map": [(0, 0, 10)], "call_samples": 9}, "the map does not fit the lengths"),
        ({"pauses": "cut", "map": [(0, 0, 10)]}, "the map does not fit the lengths"),
    ],
)
def test_a_map_that_cannot_be_is_refused(more: dict[str, Any], problem: str) -> None:
    if "map" in more:
        more = {**more, "map": [dict(zip(("file", "call", "length"), e, strict=True)) for e in more["map"]]}
    with pytest.raises(ValidationError, match=problem):
        RecordedAudio.model_validate(facts(10, **more))
