"""How transcripts are judged: what belongs together, how late it came, and what was missed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from audiohook_fw import Transcript

from .recognition import Followed, Measured, cpu_of_children
from .truth import RATE, Speech, Utterance


def spoken(start: float, end: float, text: str, channel: str = "external") -> Utterance:
    return Utterance(channel, round(start * RATE), round(end * RATE), text, "joe", "natural")


def final(start: float, end: float, text: str, channel: str = "external") -> Transcript:
    length = round((end - start) * RATE)
    return Transcript(channel=channel, text=text, start=round(start * RATE), length=length)


def test_each_utterance_is_judged_with_what_overlaps_it() -> None:
    utterances = (
        spoken(1, 2, "one two"),
        spoken(3, 4, "three four"),
        spoken(5, 6, "five"),
        spoken(5, 6, "six", "internal"),
    )
    call = Followed(frames=[(round(i * RATE), 100.0 + i) for i in range(1, 9)], interims=3)
    call.finals = [
        (final(1.1, 1.5, "one"), 101.9),
        (final(1.6, 1.9, "two"), 102.5),  # the last of two
        (final(3, 4.1, "three for"), 105.0),
        (final(7, 7.5, "nobody"), 108.0),
        (final(5, 6, "six", "internal"), 106.25),
    ]
    measured = Measured()
    measured.add(call, Speech(Path(), "clean", 8 * RATE, utterances))
    assert measured.latencies == pytest.approx([0.5, 1.0, 0.25])
    assert (measured.utterances, measured.missed, measured.stray, measured.interims) == (4, 1, 1, 3)
    score = measured.scores["natural"]
    assert (score.words, score.errors) == (6, 2)  # "for", and "five" that was missed
    assert measured.length == 8


def test_a_sample_was_spoken_when_its_frame_was_less_what_follows_it() -> None:
    call = Followed(frames=[(RATE, 11.0), (2 * RATE, 12.5)])
    assert call.sent(RATE // 2) == pytest.approx(10.5)
    assert call.sent(RATE + RATE // 4) == pytest.approx(11.75)


def test_processes_count_while_they_live_and_after() -> None:
    work = "import sys, time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\nsys.stdin.read()"
    before = cpu_of_children()
    with subprocess.Popen(
        [sys.executable, "-c", work], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        alive = cpu_of_children() - before
    assert alive >= 0.25
    assert cpu_of_children() - before >= alive - 0.02
