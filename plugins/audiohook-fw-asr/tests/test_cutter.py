"""Pieces of speech: each sample of speech in one of them, whatever the events do."""

from __future__ import annotations

from itertools import pairwise

import pytest
from audiohook_fw_asr.cutter import SegmentCutter
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def cutter() -> SegmentCutter:
    return SegmentCutter(pre_roll=100, longest=1000, shortest=10)


def never(start: int, stop: int) -> int:
    raise AssertionError("nothing is that long")


def test_a_piece_has_its_pre_roll(cutter: SegmentCutter) -> None:
    cutter.started(500)
    interim = cutter.interim(700)
    [cut] = cutter.ended(500, 800, 1000)
    assert (cut.start, cut.end) == (400, 850)
    assert interim is not None
    assert (interim.start, interim.end, interim.id) == (400, 700, cut.id)


def test_an_end_alone_is_enough_and_again_is_nothing(cutter: SegmentCutter) -> None:
    [cut] = cutter.ended(500, 800, 1000)
    assert (cut.start, cut.end) == (400, 850)
    assert cutter.ended(500, 800, 1000) == []


def test_an_end_may_come_before_its_audio(cutter: SegmentCutter) -> None:
    assert cutter.ended(500, 800, 600) == []
    assert cutter.needed == 400
    assert cutter.grown(700, never) == []
    [cut] = cutter.grown(800, never)
    assert (cut.start, cut.end) == (400, 800)


def test_an_end_whose_audio_is_still_to_come_leaves_what_began_after_it_alone(cutter: SegmentCutter) -> None:
    cutter.started(500)
    first = cutter.interim(700)
    assert cutter.ended(500, 800, 700) == []
    cutter.started(950)
    second = cutter.interim(990)
    [ended] = cutter.grown(1000, never)
    going_on = cutter.interim(1100)
    [last] = cutter.ended(950, 1200, 1300)
    pieces = (first, ended, second, going_on, last)
    ids = [None if piece is None else piece.id for piece in pieces]
    assert ids == [ended.id] * 2 + [last.id] * 3
    assert ended.id != last.id


def test_a_pause_ends_what_goes_on(cutter: SegmentCutter) -> None:
    cutter.started(500)
    [cut] = cutter.split(800)
    assert (cut.start, cut.end) == (400, 800)
    assert cutter.ended(500, 790, 800) == []  # as told by another plugin, later
    cutter.started(810)
    [after] = cutter.ended(810, 900, 1000)
    assert (after.start, after.end) == (800, 950)
    assert after.id != cut.id


def test_an_end_that_is_told_after_its_split_cuts_nothing_of_what_follows(cutter: SegmentCutter) -> None:
    cutter.started(500)
    [before] = cutter.split(800)
    assert cutter.ended(500, 800, 900) == []
    cutter.started(800)
    [after] = cutter.ended(800, 1_000, 1_200)
    assert (before.start, before.end, after.start, after.end) == (400, 800, 800, 1_050)


def test_speech_that_is_told_after_its_split_is_cut_there(cutter: SegmentCutter) -> None:
    assert cutter.split(800) == []
    cutter.started(500)
    interim = cutter.interim(1_000)
    assert interim is not None
    assert (interim.start, interim.end) == (400, 800)
    [before] = cutter.ended(500, 790, 1_000)
    cutter.started(810)
    [after] = cutter.ended(810, 1_000, 1_200)
    assert (before.start, before.end, after.start, after.end) == (400, 800, 800, 1_050)
    assert before.id == interim.id != after.id


def test_speech_over_a_split_is_two_pieces_even_if_it_is_told_later(cutter: SegmentCutter) -> None:
    assert cutter.split(800) == []
    one, two = cutter.ended(500, 1_000, 1_200)
    assert (one.start, one.end, two.start, two.end) == (400, 800, 800, 1_050)
    assert one.id != two.id


def test_a_long_piece_is_cut_where_it_is_quiet(cutter: SegmentCutter) -> None:
    cutter.started(100)
    [cut] = cutter.grown(1000, lambda start, stop: 870)
    assert (cut.start, cut.end, cutter.running) == (0, 870, 870)
    [rest] = cutter.ended(100, 1100, 1200)
    assert (rest.start, rest.end) == (870, 1150)


def test_what_is_short_is_none(cutter: SegmentCutter) -> None:
    cutter.split(500)
    assert cutter.ended(500, 505, 505) == []


steps = st.lists(
    st.tuples(st.sampled_from(["start", "end", "grow", "split"]), st.integers(0, 400), st.integers(0, 400)),
    max_size=40,
)


@given(steps)
def test_no_sample_is_in_two_pieces_and_no_piece_goes_over_a_split(
    script: list[tuple[str, int, int]],
) -> None:
    cutter = SegmentCutter(pre_roll=100, longest=1000, shortest=10)
    available, cuts, splits = 0, [], []
    for kind, a, b in script:
        match kind:
            case "start":
                cutter.started(max(0, available - a))
            case "end":
                start = max(0, available - a)
                cuts += cutter.ended(start, start + b, available)
            case "grow":
                available += a
                cuts += cutter.grown(available, lambda start, stop: (start + stop) // 2)
            case "split":
                cuts += cutter.split(available)
                splits.append(available)
    cuts += cutter.split(available)
    assert all(0 <= cut.start < cut.end <= available for cut in cuts)
    ordered = sorted(cuts, key=lambda cut: cut.start)
    assert all(one.end <= two.start for one, two in pairwise(ordered))
    assert not any(cut.start < split < cut.end for cut in cuts for split in splits)
    assert len({cut.id for cut in cuts}) == len(cuts)
