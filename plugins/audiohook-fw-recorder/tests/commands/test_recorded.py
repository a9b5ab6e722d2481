"""A recording as what happened in its call; recorded again, it is the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from audiohook_fw_recorder import Recorder
from audiohook_fw_recorder.age import Identities
from audiohook_fw_recorder.commands.recorded import recorded_call, steps
from audiohook_fw_recorder.commands.sound import pieces
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.reading import blocks
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from audiohook_fw import CloseReason, MediaFormat, PauseOrigin
from audiohook_fw.audio import Samples
from audiohook_fw.replay import AudioStep, DiscardStep, PauseStep, ResumeStep, Step, UpdateStep, replay
from audiohook_fw.testing import CallDriver

STEREO = MediaFormat("PCMU", ("external", "internal"))
MEDIA = [
    STEREO,
    MediaFormat("PCMU", ("internal", "external")),
    MediaFormat("PCMU", ("internal",)),
    MediaFormat("L16", ("external", "internal")),
    MediaFormat("L16", ("external",)),
]
CLIENT, SERVER, UNKNOWN = PauseOrigin.CLIENT, PauseOrigin.SERVER, PauseOrigin.UNKNOWN


def document(
    events: Sequence[Any] = (), gaps: Sequence[Any] = (), *, samples: int = 1000, **more: Any
) -> Document:
    audio = {"format": "wav", "encoding": "PCMU", "rate": 8000, "channels": ["external"], "samples": samples}
    content = {
        "format": "audiohook-recording/1",
        "session_id": "s",
        "conversation_id": "c",
        "started_at": "2026-01-02T03:04:05Z",
        "state": "complete",
        "audio": {**audio, "files": []},
        "events": [{"type": type_, "position": position, **rest} for type_, position, rest in events],
        "gaps": [
            {"start": start, "length": length, "cause": cause, **rest} for start, length, cause, rest in gaps
        ],
    }
    return Document.model_validate({**content, **more})


def tape(*runs: tuple[int, int]) -> Iterator[tuple[int, Samples]]:
    """Give pieces of audio, in which each sample is its position."""
    for start, end in runs:
        yield start, np.arange(start, end, dtype=np.int16).reshape(-1, 1)


def told(found: Iterator[Step]) -> list[Any]:
    """Return steps; of audio, first and last sample and length, joined."""
    result: list[Any] = []
    for step in found:
        if not isinstance(step, AudioStep):
            result.append(step)
        elif len(step.samples):
            first, last = int(step.samples[0, 0]), int(step.samples[-1, 0])
            if result and isinstance(result[-1], tuple) and result[-1][1] + 1 == first:
                result[-1] = (result[-1][0], last, result[-1][2] + len(step.samples))
            else:
                result.append((first, last, len(step.samples)))
    return result


CLIENT_PAUSE = ("pause", 100, {"origin": "client"})


@pytest.mark.parametrize(
    ("events", "gaps", "expected"),
    [
        ([], [], [(0, 999, 1000)]),
        (
            [CLIENT_PAUSE, ("resume", 300, {})],
            [(100, 200, "pause", {"clamped": True})],
            [(0, 99, 100), PauseStep(CLIENT), ResumeStep(200, clamped=True), (300, 999, 700)],
        ),
        ([CLIENT_PAUSE], [], [(0, 99, 100), PauseStep(CLIENT), (100, 999, 900)]),
        (  # resumed at once
            [CLIENT_PAUSE, ("resume", 100, {})],
            [],
            [(0, 99, 100), PauseStep(CLIENT), ResumeStep(0), (100, 999, 900)],
        ),
        (  # the client's pause on top of the server's, and audio thrown away meanwhile
            [
                ("pause", 100, {"origin": "server"}),
                ("pause", 100, {"origin": "unknown"}),
                ("resume", 300, {}),
            ],
            [(100, 50, "discarded", {}), (150, 150, "pause", {})],
            [
                (0, 99, 100),
                PauseStep(SERVER),
                PauseStep(UNKNOWN),
                DiscardStep(50),
                ResumeStep(150),
                (300, 999, 700),
            ],
        ),
        (  # two gaps that the sidecar joined
            [("update", 150, {"language": "de"})],
            [(100, 100, "discarded", {})],
            [(0, 99, 100), DiscardStep(50), UpdateStep("de"), DiscardStep(50), (200, 999, 800)],
        ),
        (
            [CLIENT_PAUSE, ("resume", 150, {}), ("pause", 150, {"origin": "server"}), ("resume", 200, {})],
            [(100, 100, "pause", {})],
            [
                (0, 99, 100),
                PauseStep(CLIENT),
                ResumeStep(50),
                PauseStep(SERVER),
                ResumeStep(50),
                (200, 999, 800),
            ],
        ),
        (  # a pause that no event tells of, and what a replay does not know
            [("fax", 5, {}), ("pause", "late", {}), ("update", 7, {"language": 3})],
            [(100, 100, "pause", {}), (500, 100, "overflow", {}), (600, 10, "aliens", {})],
            [
                (0, 6, 7),
                UpdateStep(None),
                (7, 99, 93),
                PauseStep(UNKNOWN),
                ResumeStep(100),
                (200, 999, 800),
            ],
        ),
        (  # beyond the end, back in time, one into another
            [("update", 900, {}), ("update", 300, {}), ("update", 5000, {})],
            [(100, 100, "discarded", {}), (150, 100, "discarded", {}), (990, 500, "discarded", {})],
            [
                (0, 99, 100),
                DiscardStep(100),
                DiscardStep(50),
                (250, 899, 650),
                UpdateStep(None),
                UpdateStep(None),
                (900, 989, 90),
                DiscardStep(10),
                UpdateStep(None),
            ],
        ),
    ],
)
def test_what_happened(events: Any, gaps: Any, expected: Any) -> None:
    runs = [(0, 333), (333, 350), (350, 2000)]
    assert told(steps(document(events, gaps), tape(*runs))) == expected


def test_what_no_file_holds_is_silence() -> None:
    found = list(steps(document(samples=200_000), tape((10, 20))))
    assert all(isinstance(step, AudioStep) for step in found)
    joined = np.concatenate([step.samples for step in found if isinstance(step, AudioStep)])
    assert len(joined) == 200_000
    assert joined[10:20, 0].tolist() == list(range(10, 20))
    assert not joined[:10].any()
    assert not joined[20:].any()
    assert max(len(step.samples) for step in found if isinstance(step, AudioStep)) <= 80_000


def test_what_the_sidecar_tells_of_the_call() -> None:
    facts = {"key": "sales", "product": "transcription", "language": "de", "retry_attempt": 2}
    call = recorded_call(document(**facts, correlation_id="x", participant_id="p", close_reason="lost"))
    assert (call.session_id, call.conversation_id, call.media) == (
        "s",
        "c",
        MediaFormat("PCMU", ("external",)),
    )
    assert (call.key_name, call.product, call.language) == ("sales", "transcription", "de")
    assert (call.retry_attempt, call.correlation_id, call.participant_id) == (2, "x", "p")
    assert (call.started_at.isoformat(), call.close_reason) == ("2026-01-02T03:04:05+00:00", CloseReason.LOST)
    bare = recorded_call(document(key=7, language=None, close_reason=["x"], state="interrupted"))
    assert (bare.key_name, bare.language, bare.close_reason) == ("replay", None, CloseReason.LOST)
    assert recorded_call(document()).close_reason is CloseReason.END


# recorded, replayed, and recorded again ------------------------------------------------------------


def record(directory: Path, media: MediaFormat, actions: Sequence[Any], **settings: Any) -> Document:
    """Record a call; return its sidecar."""
    options = {"directory": str(directory), **settings}
    with CallDriver(Recorder, settings=options, offers=[media], language="en") as call:
        call.open()
        rng = np.random.default_rng(len(actions))
        for name, *arguments in actions:
            if name == "audio":
                length, frame = arguments
                noise = rng.integers(-9000, 9000, (length, len(media.channels)), np.int16)
                call.audio(noise, frame_ms=frame / 8)
            elif name == "pause":
                by, seconds = arguments
                call.pause(seconds, by=by)
            elif name == "discard":
                call.discard(*arguments)
            else:
                call.update(language=arguments[0])
        call.close()
    return only(directory)


def only(directory: Path) -> Document:
    (sidecar,) = directory.glob("*.json")
    return Document.read(sidecar)


def again(directory: Path, into: Path, *, identities: Identities | None = None) -> Document:
    """Replay the recording of a directory to a recorder; return the new sidecar."""
    before = only(directory)
    sound = pieces(directory, before, identities)
    recorder = {"recorder": {"directory": str(into)}}
    replayed = replay(recorded_call(before), steps(before, sound), ["recorder"], settings=recorder)
    assert replayed.faults == []
    return only(into)


def timeline(made: Document) -> Any:
    content = json.loads(made.text())
    length = made.audio.call_samples or made.audio.samples
    same = ["events", "gaps", "totals", "close_reason", "language", "started_at", "session_id", "product"]
    return {name: content[name] for name in same}, length, made.audio.channels, made.audio.encoding


def heard(directory: Path, made: Document, identities: Identities | None = None) -> Samples:
    """Return the audio in call time."""
    length = made.audio.call_samples or made.audio.samples
    whole = np.zeros((length, len(made.audio.channels)), np.int16)
    for start, block in pieces(directory, made, identities):
        whole[start : start + len(block)] = block
    return whole


MANY = [
    ("audio", 4000, 1601),
    ("pause", "client", 1.5),
    ("audio", 1234, 160),
    ("discard", 0.25),
    ("update", "de-DE"),
    ("discard", 0.5),
    ("audio", 8000, 1600),
    ("pause", "server", 0.75),
]
SECONDS = st.integers(0, 24_000).map(lambda samples: samples / 8000)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("audio"), st.integers(1, 9000), st.sampled_from([160, 1600, 1601, 37 * 8])),
        st.tuples(st.just("pause"), st.sampled_from(["client", "server"]), SECONDS),
        st.tuples(st.just("discard"), SECONDS),
        st.tuples(st.just("update"), st.sampled_from(["de-DE", "fr"])),
    ),
    max_size=8,
)
EXACT = st.fixed_dictionaries(
    {
        "format": st.sampled_from(["wav", "pcm16", "flac"]),
        "per_channel": st.booleans(),
        "pauses": st.sampled_from(["silence", "cut"]),
    }
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(media=st.sampled_from(MEDIA), actions=ACTIONS, wanted=EXACT)
@example(STEREO, [*MANY, ("audio", 900, 160)], {"format": "wav", "per_channel": True, "pauses": "cut"})
def test_recorded_again_it_is_the_same(media: MediaFormat, actions: Any, wanted: Any) -> None:
    with TemporaryDirectory() as name:
        first, second = Path(name, "first"), Path(name, "second")
        before = record(first, media, actions, **wanted)
        if heard(first, before).any():
            assert (before.audio.format, before.audio.pauses) == (wanted["format"], wanted["pauses"])
        after = again(first, second)
        assert timeline(after) == timeline(before)
        assert np.array_equal(heard(second, after), heard(first, before))


def test_a_lossy_format_keeps_the_times(tmp_path: Path) -> None:
    before = record(tmp_path / "a", STEREO, MANY, format="opus")
    after = again(tmp_path / "a", tmp_path / "b")
    assert timeline(after) == timeline(before)


def test_an_encrypted_recording(tmp_path: Path, key: Any) -> None:
    before = record(tmp_path / "a", STEREO, MANY, encryption={"recipients": [key.public]})
    after = again(tmp_path / "a", tmp_path / "b", identities=key.identities)
    assert timeline(after) == timeline(before)
    assert before.audio.format == "age"
    clear = heard(tmp_path / "a", before, key.identities)
    assert clear.any()
    assert np.array_equal(np.concatenate([*blocks(tmp_path / "b", after)]), clear)


def test_what_the_server_lost_comes_as_silence(archive: Any, tmp_path: Path) -> None:
    archive.add(gaps=[(4000, 4000, "overflow")])
    after = again(archive.directory, tmp_path / "b")
    assert after.gaps == []
    before = only(archive.directory)
    assert np.array_equal(heard(tmp_path / "b", after), heard(archive.directory, before))
