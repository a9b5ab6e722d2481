"""Calls over real sockets through the whole chain: speech, its recognition, and all who are told of it.

Two pauses, one of each side, a discard and an update come in the middle of utterances, and the call ends
while somebody speaks. After that Genesys, the database, the recording and the files of the conversation
agree with the audio.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audiohook_fw_asr import SegmentSettings, StreamSettings
from audiohook_fw_whisper import Whisper
from audiohook_fw_whisper.settings import WhisperSettings

from audiohook_fw import SpeechEnded
from audiohook_fw.client import Style, Timeline, Timing
from audiohook_fw.protocol import MediaFormat
from audiohook_fw.testing import ServerThread

from .chain import (
    Chained,
    IndexEngine,
    Indexing,
    Piece,
    StreamIndexing,
    Supervisor,
    play,
    whisper_model,
)
from .truth import CLIPS, RATE, read_speech
from .words import WordScore, normalize
from .written import (
    Recorded,
    Said,
    in_database,
    in_json,
    in_text,
    in_vtt,
    query,
    recorded,
    told,
)

NEAR = 0.05
"""Seconds by which an offset may differ from the audio."""
ABOUT = 0.15
"""Seconds by which a detector of voices may differ: it must hear some of one to know."""
WHISPERS = 0.5
"""Seconds by which the end of the last word may differ as a small Whisper model has it."""
SHORT = 0.3
"""Seconds of an utterance that a pause has left over, of which nobody needs to know."""
TIMELINE = "pause@4, resume@5.5, update@8.2=en-GB, discard@13.9+0.5"
PAUSE, PAUSED = 21.3, 1.2
"""When the server pauses, and for how many seconds, as call time."""

# This may be a busy machine: what is late is waited for, up to what Genesys allows after `close`.
LIMITS = {"hook_deadline": 8.8, "outbox_deadline": 0.5, "closed_deadline": 9.5}
PATIENCE: dict[str, Any] = {"flush_timeout": 8.5, "max_backlog": 300.0}
STREAM: dict[str, Any] = {"stall_timeout": 60.0, "result_timeout": 300.0}
TIMING = Timing(open=30.0, pong=60.0, close=60.0, write=60.0, connect=60.0)


class Houses:
    """Servers with everything, whose files are in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.database = directory / "sessions.sqlite"
        self.transcripts = directory / "transcripts"

    def play(self, *recognition: object, speed: float, batch: float = 0.1, **options: Any) -> Chained:
        """Play the conversation to a server of its own, and stop that; then everything is written.

        Args:
            batch: seconds by which it may be told late who speaks.
        """
        supervisor = Supervisor(PAUSE, PAUSED / speed)
        sections: dict[str, Mapping[str, object]] = {
            "vad": {"batch": batch},
            "sessions": {
                "url": f"sqlite:///{self.database}",
                "journal": str(self.directory / "journal"),
            },
            "recorder": {"directory": str(self.directory)},
            "transcripts": {"directory": str(self.transcripts)},
        }
        plugins = (*recognition, supervisor, *sections)
        with ServerThread(*plugins, settings=sections, product="transcription", limits=LIMITS) as server:
            chained = play(
                server,
                read_speech(CLIPS / "conversation.wav"),
                timeline=Timeline.parse([TIMELINE]),
                speed=speed,
                timing=TIMING,
                **options,
            )
            given_up = time.monotonic() + 60
            while server.calls and time.monotonic() < given_up:
                time.sleep(0.05)
            assert not server.calls
        chained.heard = supervisor.speech
        return chained

    def json(self, chained: Chained) -> Path:
        """Return where the conversation is."""
        return self.transcripts / f"{chained.report.ids.session}.transcript.json"


@pytest.fixture
def houses(tmp_path: Path) -> Houses:
    """Servers whose files are in a directory of the test."""
    return Houses(tmp_path)


# what must hold of every call ---------------------------------------------------------------------------


def assert_all_agree(chained: Chained, houses: Houses) -> list[Said]:
    """Check that everybody knows the same; return that, in order of time."""
    report = chained.report
    assert report.as_scripted, report.outcome()
    assert report.violations == []
    types = [message["type"] for way, message in chained.messages if way == "<"]
    assert types.count("closed") == 1
    assert types[-1] == "closed"
    said = sorted(told(chained))
    assert len({one.id for one in said}) == len(said)
    conversation = houses.json(chained)
    assert_same(said, in_json(conversation), 1e-6)
    assert_same(said, sorted(in_database(houses.database)), 1e-6)
    plain = [Said(one.start, one.channel, one.length, one.text) for one in said]
    assert_same(plain, in_vtt(conversation.with_suffix(".vtt")), 0.0021)
    starts = [Said(one.start, one.channel, 0.0, one.text) for one in said]
    assert_same(starts, in_text(conversation.with_suffix(".txt")), 0.1001)
    for channel in ("external", "internal"):
        mine = [one for one in said if one.channel == channel]
        assert all(a.start + a.length <= b.start + 1e-6 for a, b in pairwise(mine))  # nothing twice
    return said


def assert_same(one: Sequence[Said], other: Sequence[Said], tolerance: float) -> None:
    assert [(said.id, said.channel, said.text) for said in one] == [
        (said.id, said.channel, said.text) for said in other
    ]
    assert [_times(said) for said in one] == [pytest.approx(_times(said), abs=tolerance) for said in other]
    assert [[word for word, *_ in said.words] for said in one] == [
        [word for word, *_ in said.words] for said in other
    ]


def _times(said: Said) -> list[float]:
    return [said.start, said.length, *(time for _, *times in said.words for time in times)]


def assert_recording(chained: Chained, houses: Houses) -> Recorded:
    """Check audio, pauses and discards of the recording, and those in the database."""
    report = chained.report
    recording = recorded(houses.directory, report.ids.session)
    assert recording.payload == report.expected_recording()
    ledger = report.ledger
    pauses = [(pause.start, pause.length) for pause in ledger.pauses]
    discards = [(gap.start, gap.length) for gap in ledger.discards]
    assert (len(pauses), len(discards)) == (2, 1)
    assert [pause.client for pause in ledger.pauses] == [True, False]
    noted = {
        cause: [(gap["start"], gap["length"]) for gap in recording.sidecar["gaps"] if gap["cause"] == cause]
        for cause in ("pause", "discarded")
    }
    assert noted == {
        "pause": [gap for gap in pauses if gap[1]],
        "discarded": discards,
    }
    assert len(recording.sidecar["gaps"]) == sum(map(len, noted.values()))
    assert query(houses.database, "select start, length from pauses order by number") == pauses
    assert query(houses.database, "select start, length from discards") == discards
    [(position, audio)] = query(houses.database, "select position, audio from sessions")
    assert (position, audio) == (report.position, ledger.samples)
    return recording


def match(said: Sequence[Said], pieces: Sequence[Piece]) -> list[tuple[Piece, Said]]:
    """Return each piece with what was made of it: all that matters is there, once, and nothing else."""
    left = list(said)
    matched = []
    for piece in sorted(pieces, key=lambda piece: (piece.start, piece.channel)):
        overlapping = [
            one
            for one in left
            if one.channel == piece.channel
            and one.start * RATE < piece.end
            and (one.start + one.length) * RATE > piece.start
        ]
        if piece.end - piece.start < SHORT * RATE and not overlapping:
            continue
        assert len(overlapping) == 1, (piece, overlapping, said)
        left.remove(overlapping[0])
        matched.append((piece, overlapping[0]))
    assert left == []
    return matched


# an engine that knows where it heard what ----------------------------------------------------------------

STYLES = {
    "real": Style(),
    "official": Style(double_paused=True, frozen_position=True, fake_discards=True),
}
"""Clients: the real one, and the official sample, for which call time stands still in its pauses."""


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("style", "batch"), [("real", 0.1), ("official", 0.1), ("real", 2.0)])
def test_every_offset_agrees_with_the_audio(style: str, batch: float, houses: Houses) -> None:
    recognition = Indexing(SegmentSettings(**PATIENCE))
    chained = houses.play(recognition, seconds=31.0, speed=3.0, batch=batch, style=STYLES[style])
    matched = assert_offsets(chained, houses, recognition.engine)
    cuts = [piece for piece in chained.pieces() if not piece.is_whole]
    assert len(cuts) >= 5  # or nothing interfered
    assert matched[-1][0].end > chained.report.position - RATE // 2  # somebody spoke to the end


@pytest.mark.timeout(240)
@pytest.mark.parametrize("style", STYLES)
def test_every_offset_of_a_stream_agrees_with_the_audio(style: str, houses: Houses) -> None:
    recognition = StreamIndexing(StreamSettings(interims=False, **STREAM, **PATIENCE))
    chained = houses.play(recognition, seconds=31.0, speed=3.0, style=STYLES[style])
    matched = assert_offsets(chained, houses, recognition.engine)
    assert len([piece for piece in chained.pieces() if not piece.is_whole]) >= 5
    assert matched[-1][0].end > chained.report.position - RATE // 2


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("kind", "channel"), [("segments", "external"), ("stream", "internal")])
def test_every_offset_of_mono_media_agrees_with_the_audio(kind: str, channel: str, houses: Houses) -> None:
    recognition = (
        Indexing(SegmentSettings(**PATIENCE))
        if kind == "segments"
        else StreamIndexing(StreamSettings(interims=False, **STREAM, **PATIENCE))
    )
    media = MediaFormat("PCMU", (channel,))
    chained = houses.play(recognition, seconds=31.0, speed=3.0, media=media)
    assert_offsets(chained, houses, recognition.engine)
    assert {piece.channel for piece in chained.pieces()} == {channel}
    assert [piece for piece in chained.pieces() if not piece.is_whole]


def assert_offsets(chained: Chained, houses: Houses, engine: IndexEngine) -> list[tuple[Piece, Said]]:
    """Check that all that was said is where its audio is; return both."""
    said = assert_all_agree(chained, houses)
    recording = assert_recording(chained, houses)
    matched = match(said, list(chained.pieces()))
    for piece, one in matched:
        assert one.start == pytest.approx(piece.start / RATE, abs=NEAR), (piece, one)
        assert one.start + one.length == pytest.approx(piece.end / RATE, abs=NEAR), (piece, one)
        assert_is_the_audio(one, recording, engine)
    assert_speech_events(chained, houses)
    assert {one.text.rpartition(" ")[2] for one in said} == {"en-US", "en-GB"}
    return matched


def assert_speech_events(chained: Chained, houses: Houses) -> None:
    """Check who is said to have spoken when; nobody does in a pause."""
    spoken = [
        (one.channel, one.start, one.start + one.length)
        for one in chained.heard
        if isinstance(one, SpeechEnded)
    ]
    for piece in chained.pieces():
        found = [
            span
            for span in spoken
            if span[0] == piece.channel and span[1] < piece.end and span[2] > piece.start
        ]
        if found or piece.end - piece.start >= SHORT * RATE:
            [(_, start, end)] = found
            assert (start, end) == pytest.approx((piece.start, piece.end), abs=ABOUT * RATE), piece
            spoken.remove(found[0])
    assert spoken == []
    rows = query(
        houses.database,
        "select channel, start, length from events where type = 'speech_ended' order by number",
    )
    ended = [one for one in chained.heard if isinstance(one, SpeechEnded)]
    assert rows == [(one.channel, one.start, one.length) for one in ended]
    for pause in chained.report.ledger.pauses:
        assert pause.length is not None
        end = pause.start + pause.length
        assert all(one.start + one.length <= pause.start or one.start >= end for one in ended)


def assert_is_the_audio(one: Said, recording: Recorded, engine: IndexEngine) -> None:
    """Check that an utterance, and each word, lies where the recording has what the engine was given."""
    spans = [(one.start, one.length), *(times for _, *times in one.words)]
    for (start, length), given in zip(spans, engine.given[one.text], strict=True):
        heard = recording.heard(one.channel, round(start * RATE), round((start + length) * RATE))
        assert np.array_equal(heard, given), one


# Whisper ------------------------------------------------------------------------------------------------


@pytest.mark.timeout(600)
def test_whisper_hears_what_was_said_where_it_was_said(houses: Houses) -> None:
    patience = {"max_wait": 120.0, "worker_timeout": 60.0, "recognize_timeout": 300.0, **PATIENCE}
    whisper = Whisper(WhisperSettings(model_path=whisper_model(), interims=False, **patience))
    chained = houses.play(whisper, seconds=31.25, speed=1.5)
    said = assert_all_agree(chained, houses)
    assert_recording(chained, houses)
    matched = match(said, list(chained.pieces()))
    score = WordScore()
    for piece, one in matched:
        assert one.start == pytest.approx(piece.start / RATE, abs=ABOUT), (piece, one)
        assert one.start + one.length == pytest.approx(piece.end / RATE, abs=WHISPERS), (piece, one)
        assert_words_are_in_order(one)
        if piece.is_whole:
            score.add(piece.text, one.text)
        elif piece.end - piece.start >= SHORT * RATE:  # less than that is no word
            assert set(normalize(one.text)) & set(normalize(piece.text)), (piece, one)
    assert score.words > 60
    assert score.rate <= 0.15
    last = matched[-1][1]
    assert normalize(last.text)[-3:] == ["for", "your", "help"]
    assert last.start + last.length > chained.report.position / RATE - 0.4


def assert_words_are_in_order(one: Said) -> None:
    assert one.words
    assert " ".join(word for word, *_ in one.words).split() == one.text.split()
    starts = [start for _, start, _ in one.words]
    assert starts == sorted(set(starts))
    end = one.start + one.length + 1e-6
    assert all(one.start <= start and start + length <= end for _, start, length in one.words), one
