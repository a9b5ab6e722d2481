"""What plugins say was redacted is silent in the file, and nothing else is: against a model of the call."""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyrage
import pytest
from audiohook_fw_recorder.age import Identities, Recipients
from audiohook_fw_recorder.collected import Collected, Written
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.owner import Owner
from audiohook_fw_recorder.reading import blocks
from audiohook_fw_recorder.recording import Recording
from audiohook_fw_recorder.sidecar import Sidecar
from audiohook_fw_recorder.span import Span, SpanCounts
from hypothesis import given, settings
from hypothesis import strategies as st

from audiohook_fw import AudioFrame, Gap, MediaFormat
from audiohook_fw.audio import Samples, WavWriter, decode, read_wav

STEREO = MediaFormat("PCMU", ("external", "internal"))
MEDIA = [STEREO, MediaFormat("L16", ("internal", "external")), MediaFormat("PCMU", ("external",))]
SECRET = pyrage.x25519.Identity.generate()
KINDS = ("card", "phone")


def span(media: MediaFormat, channel: str, start: int, end: int, kind: str = "card") -> Span:
    return Span(channel, media.channels.index(channel), kind, start, end)


def summary(position: int) -> Any:
    nothing = {"paused": 0, "discarded": 0, "dropped": 0, "rtt": (), "audio": 0, "counts": {}}
    return SimpleNamespace(position=position, reason="end", ended_at=datetime.now(UTC), **nothing)


class Model:
    """A call, its recording, and what must come of it, sample by sample."""

    def __init__(self, directory: Path, media: MediaFormat, window: float | None, seed: int = 0) -> None:
        self.media = media
        self.directory = directory
        self.counts = SpanCounts()
        recipients = None if window is None else Recipients([str(SECRET.to_public())])
        self.files = Recording(directory, "call", media, owner=Owner(directory), recipients=recipients)
        facts = {
            "session_id": "call",
            "conversation_id": "c",
            "started_at": datetime.now(UTC).isoformat(),
        }
        self.recording = Collected(
            self.files, Sidecar(media, facts), window=window or 0.0, counts=self.counts
        )
        self.encrypted = window is not None
        self.window = window or 0.0
        self.random = random.Random(seed)
        self.now = 0.0
        self.position = 0  # of the call
        self.sound: list[Samples] = []
        self.spans: list[Span] = []  # not taken yet
        self.told = np.zeros((4_000, len(media.channels)), bool)
        self.audible = np.zeros_like(self.told)
        self.gaps = np.zeros(len(self.told), bool)
        self.late = 0
        self.taken: list[tuple[float, int]] = []

    def audio(self, samples: int) -> None:
        payload = self.random.randbytes(samples * self.media.frame_width)
        self.recording.audio(AudioFrame(payload, self.media, self.position))
        self.sound.append(decode(payload, self.media))
        self.position += samples

    def gap(self, samples: int) -> None:
        gap = Gap(self.position, samples)
        self.recording.hand_in(lambda recording: recording.gap(gap, "discarded"))
        self.sound.append(np.zeros((samples, len(self.media.channels)), np.int16))
        self.gaps[self.position : self.position + samples] = True
        self.position += samples

    def span(self, channel: int, kind: str, start: int, length: int) -> None:
        name = self.media.channels[channel % len(self.media.channels)]
        told = span(self.media, name, start, start + length, kind)
        self.spans.append(told)
        self.recording.hand_in(lambda recording: recording.redact(told))

    def take(self) -> None:
        written = self.files.samples if self.files.begun else 0
        self.recording.take(self.now)
        self.taken.append((self.now, self.position))
        for told in self.spans:
            where = slice(told.start, told.end), told.number
            if self.encrypted:
                past = slice(told.start, min(told.end, written)), told.number
                heard = ~self.told[past] & ~self.gaps[past[0]]
                self.audible[past] |= heard
            self.told[where] = True
            self.late += bool(self.audible[where].any())
        self.spans.clear()

    def flush(self, seconds: float) -> None:
        self.now += seconds
        self.take()
        assert self.recording.write(self.now) is not Written.REFUSED
        if self.encrypted:
            old = [position for now, position in self.taken if now <= self.now - self.window]
            assert self.files.samples <= max(old, default=0)
            held = self.recording.waiting // self.media.frame_width
            assert held <= self.position - self.files.samples

    def finish(self) -> Document:
        self.recording.hand_in(lambda recording: recording.finish(summary(self.position), {}))
        self.take()
        assert self.recording.write(self.now) is Written.ALL
        assert (self.recording.closed, self.recording.waiting) == (True, 0)
        return Document.read(self.directory / "call.json")

    @property
    def expected(self) -> Samples:
        sound = np.vstack([*self.sound, np.zeros((0, len(self.media.channels)), np.int16)])
        silent = (self.told & ~self.audible)[: len(sound)]
        return np.where(silent, np.int16(0), sound)


def redacted(document: Document, samples: int, *, audible: bool, kind: str = "") -> np.ndarray[Any, Any]:
    found = np.zeros((samples, len(document.audio.channels)), bool)
    for entry in document.redactions:
        if entry.audible is audible and (not kind or entry.kind == kind):
            number = document.audio.channels.index(entry.channel)
            assert entry.start + entry.length <= samples
            assert not found[entry.start : entry.start + entry.length, number].any() or not kind
            found[entry.start : entry.start + entry.length, number] = True
    return found


def check(model: Model) -> Document:
    document = model.finish()
    identities = Identities.parse(str(SECRET), "key") if model.encrypted else None
    read = [*blocks(model.directory, document, identities=identities)]
    found = np.vstack([*read, np.zeros((0, len(model.media.channels)), np.int16)])
    assert np.array_equal(found, model.expected)
    samples = model.position
    told, audible = model.told[:samples], model.audible[:samples]
    assert np.array_equal(redacted(document, samples, audible=True), audible)
    assert np.array_equal(redacted(document, samples, audible=False), told & ~audible)
    for kind in KINDS:
        redacted(document, samples, audible=False, kind=kind)
    assert model.counts.late == model.late
    return document


lengths = st.integers(1, 60)
step = st.one_of(
    st.tuples(st.just("audio"), lengths),
    st.tuples(st.just("audio"), lengths),
    st.tuples(st.just("gap"), lengths),
    st.tuples(
        st.just("span"), st.integers(0, 1), st.sampled_from(KINDS), st.integers(0, 900), st.integers(0, 90)
    ),
    st.tuples(st.just("flush"), st.sampled_from([0.0, 0.3, 1.0, 2.5])),
    st.tuples(st.just("take")),
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(MEDIA), st.lists(step, max_size=40), st.sampled_from([None, 0.0, 1.0, 3.0]))
def test_exactly_what_was_told_is_silent(
    media: MediaFormat, steps: list[tuple[Any, ...]], window: float | None
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        model = Model(Path(directory), media, window)
        for name, *arguments in steps:
            getattr(model, name)(*arguments)
        document = check(model)
        if window is None:
            assert model.late == 0
            assert not any(entry.audible for entry in document.redactions)


def test_nothing_of_audio_that_waits_is_on_the_disk_until_its_time(tmp_path: Path) -> None:
    model = Model(tmp_path, STEREO, 30.0)
    for second in range(60):
        model.audio(40)
        model.flush(1.0)
        assert model.files.samples == max(0, 40 * (second - 29))
    model.span(0, "card", 0, 2_400)  # half of it is written
    check(model)
    assert model.counts == SpanCounts(silenced=0, late=1)


def test_where_nothing_was_recorded_nothing_can_be_heard(tmp_path: Path) -> None:
    model = Model(tmp_path, STEREO, 0.0)
    model.audio(10)
    model.gap(50)
    model.audio(10)
    model.flush(1.0)
    model.span(1, "card", 10, 50)
    document = check(model)
    assert model.counts == SpanCounts(silenced=1)
    assert not any(entry.audible for entry in document.redactions)


def test_what_the_disk_refuses_to_overwrite_is_tried_again_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Model(tmp_path, STEREO, None)
    model.audio(100)
    model.flush(1.0)
    model.span(0, "card", 10, 30)
    model.span(1, "phone", 50, 30)
    with monkeypatch.context() as patched:
        patched.setattr(WavWriter, "silence", refuse)
        model.take()
        assert model.recording.write(2.0) is Written.REFUSED
        model.audio(50)
        assert model.recording.write(3.0) is Written.REFUSED
    check(model)


def refuse(*_: object) -> None:
    raise OSError(5, "Input/output error")


def test_what_is_given_up_can_be_heard_and_the_sidecar_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model = Model(tmp_path, STEREO, None)
    model.audio(100)
    model.flush(1.0)
    model.span(0, "card", 10, 30)
    monkeypatch.setattr(WavWriter, "silence", refuse)
    model.take()
    assert model.recording.write(2.0) is Written.REFUSED
    model.recording.abandon()
    document = Document.read(tmp_path / "call.json")
    (entry,) = document.redactions
    assert (entry.channel, entry.start, entry.length, entry.audible) == ("external", 10, 30, True)
    assert model.counts == SpanCounts(silenced=1, late=1)
    assert np.array_equal(read_wav(tmp_path / "call.wav").samples, np.vstack(model.sound))
    assert "can still be heard" in caplog.text


def test_what_is_given_up_can_be_heard_whatever_else_was_told_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Model(tmp_path, STEREO, None)
    model.audio(100)
    model.span(0, "card", 80, 10)
    model.flush(1.0)
    model.span(0, "card", 10, 30)
    model.span(0, "phone", 30, 60)
    model.span(1, "phone", 200, 10)
    model.audio(200)
    monkeypatch.setattr(WavWriter, "silence", refuse)
    model.take()
    assert model.recording.write(2.0) is Written.REFUSED
    model.recording.abandon()
    document = Document.read(tmp_path / "call.json")
    assert [(e.channel, e.kind, e.start, e.length, e.audible) for e in document.redactions] == [
        ("external", "card", 10, 30, True),
        ("external", "phone", 30, 50, True),
        ("external", "card", 80, 10, False),
        ("external", "phone", 80, 10, False),
        ("internal", "phone", 200, 10, False),
    ]


def test_what_comes_after_the_end_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = Model(tmp_path, STEREO, None)
    model.audio(100)
    model.finish()
    for _ in range(3):
        model.recording.hand_in(lambda recording: recording.redact(span(STEREO, "external", 0, 9)))
        model.recording.take()
    assert model.counts == SpanCounts(late=3)
    assert caplog.text.count("can still be heard") == 1
    assert "redact_window" in caplog.text


def test_of_more_than_can_be_listed_all_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model(tmp_path, STEREO, None)
    model.audio(1_000)
    model.recording._sidecar.redactions._most = 5  # type: ignore[misc]
    for start in range(0, 100, 10):
        model.span(0, "card", start, 5)
    model.span(0, "card", 40, 20)  # joins what is listed
    document = model.finish()
    assert [(entry.start, entry.length) for entry in document.redactions] == [
        (0, 5), (10, 5), (20, 5), (30, 5), (40, 20),
    ]  # fmt: skip
    assert (document.model_extra or {})["left_out"]["redactions"] == 5
    assert np.array_equal(read_wav(tmp_path / "call.wav").samples, model.expected)
