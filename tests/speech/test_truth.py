"""The committed clips are what their truth says, to the sample."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from audiohook_fw.audio import silence

from .suite import APART, STOP
from .truth import CLIPS, MEDIA, RATE, Speech, Utterance, read_set, read_speech, write_speech

NAMES = ["conversation", "suite"]


@pytest.mark.parametrize("name", NAMES)
def test_a_clip_is_as_long_as_it_says_and_loud_where_somebody_speaks(name: str) -> None:
    clip = read_speech(CLIPS / f"{name}.wav")
    audio = clip.audio()
    assert (audio.rate, audio.samples.shape) == (RATE, (clip.length, 2))
    for column, channel in enumerate(MEDIA.channels):
        samples = audio.samples[:, column].astype(float)
        spoken = np.zeros(clip.length, dtype=bool)
        for utterance in clip.of(channel):
            spoken[utterance.start : utterance.end] = True
            for edge in (utterance.start, utterance.end - RATE // 20):
                assert np.abs(samples[edge : edge + RATE // 20]).max() > 120
        assert spoken.any()
        assert np.abs(samples[~spoken]).max() < 120
        assert np.sqrt(np.mean(samples[spoken] ** 2)) > 1000


def test_the_clips_are_small() -> None:
    assert sum(path.stat().st_size for path in CLIPS.iterdir()) < 700_000


def test_the_conversation_has_pauses_and_overlap() -> None:
    clip = read_speech(CLIPS / "conversation.wav")
    starts_inside = [b.start < a.end for a, b in pairwise(clip.utterances) if a.channel != b.channel]
    assert any(starts_inside)
    assert not all(starts_inside)


def test_the_suite_has_the_layout_of_the_official_one() -> None:
    clip = read_speech(CLIPS / "suite.wav")
    external = clip.of("external")
    assert [utterance.start / RATE for utterance in external] == [0.1, 1.1, 2.9, 4.9, 6.7]
    apart = [after.start - before.end for before, after in pairwise(external)]
    assert apart == [round(APART * RATE)] * 4
    samples = clip.audio().samples[:, 0].astype(float)
    stop = round(STOP * RATE)
    for utterance in external[1:4]:
        spoken = np.abs(samples[utterance.start : utterance.end])
        assert np.lib.stride_tricks.sliding_window_view(spoken, stop).max(axis=1).min() < 120


def test_written_and_read(tmp_path: Path) -> None:
    utterance = Utterance("internal", 10, 20, "Hello.", "joe", "natural")
    speech = Speech(tmp_path / "a.wav", "white5", RATE, (utterance,))
    write_speech(speech, np.stack([silence(1.0)] * 2, axis=1))
    assert list(read_set(tmp_path)) == [speech]
    assert list(read_set(tmp_path, "clean")) == []
    assert (speech.of("internal"), speech.of("external")) == ([utterance], [])


def test_a_set_that_was_not_made_says_how(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="make speech"):
        list(read_set(tmp_path / "nothing"))
