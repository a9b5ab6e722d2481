"""Calls are laid out as the numbers say, and noise has its distance."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from .mixing import APART, LEAD, LINE_NOISE, mix, schedule, with_noise
from .script import Line
from .shaping import Signal, active_level
from .truth import RATE, Utterance

lines = st.lists(
    st.tuples(st.sampled_from(["external", "internal"]), st.booleans(), st.integers(RATE // 5, 4 * RATE)),
    min_size=1,
    max_size=20,
)


@given(lines, st.integers(0, 99))
def test_utterances_of_a_channel_stay_apart(said: list[tuple[str, bool, int]], seed: int) -> None:
    script = [Line(channel, "joe", "Hello.", overlaps=overlaps) for channel, overlaps, _ in said]
    utterances = schedule(script, [length for *_, length in said], np.random.default_rng(seed))
    assert len(utterances) == len(said)
    assert utterances == sorted(utterances, key=lambda utterance: utterance.start)
    for channel in ("external", "internal"):
        mine = [utterance for utterance in utterances if utterance.channel == channel]
        assert all(utterance.start >= LEAD * RATE for utterance in mine)
        for before, after in pairwise(mine):
            assert after.start - before.end >= APART * RATE - 1


def test_one_that_overlaps_begins_before_the_other_ends() -> None:
    script = [Line("external", "joe", "One."), Line("internal", "heart", "Two.", overlaps=True)]
    one, two = schedule(script, [3 * RATE, RATE], np.random.default_rng(1))
    assert one.start < two.start < one.end < two.end


@pytest.mark.parametrize("distance", [15.0, 5.0])
@pytest.mark.parametrize("kind", ["white", "babble"])
def test_noise_has_its_distance(kind: str, distance: float) -> None:
    random = np.random.default_rng(5)
    speech: Signal = random.normal(0, 0.1, 2 * RATE)
    utterance = Utterance("external", RATE, 3 * RATE, "Hello.", "joe", "natural")
    call = mix([utterance], [speech], 5 * RATE, seed=2)
    noisy = with_noise(call, kind, distance, [speech], seed=2)
    level = np.sqrt(np.mean((noisy - call)[:, 0] ** 2))
    assert np.isclose(20 * np.log10(active_level(call[:, 0]) / level), distance, atol=0.1)
    assert np.sqrt(np.mean(call[: RATE // 2] ** 2)) < 2 * LINE_NOISE
