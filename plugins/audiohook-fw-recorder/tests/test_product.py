"""The files that are made after a call: right, whole or not there, and made again after a kill."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.formats import RecordedAudioError, create_audio
from audiohook_fw_recorder.product import Wanted, finish_locally, make_product
from audiohook_fw_recorder.reading import blocks
from audiohook_fw_recorder.settings import RecorderSettings
from audiohook_fw_recorder.timeline import Timeline, spread

from audiohook_fw import MediaFormat
from audiohook_fw.audio import Samples, WavWriter, conversation, encode, read_wav, tone

RATE = 8000
BOTH = ["external", "internal"]
GAPS = [
    {"start": 8_000, "length": 4_000, "cause": "pause"},
    {"start": 16_000, "length": 1_000, "cause": "discarded", "clamped": True},
    {"start": 20_000, "length": 1_000, "cause": "overflow"},
    {"start": 30_000, "length": 2_000, "cause": "pause"},
]
LENGTH = 32_000
CUT_MAP = [(0, 0, 8_000), (8_000, 12_000, 4_000), (12_000, 17_000, 13_000)]


def speech(channels: int = 2) -> Samples:
    """Return four seconds of a conversation, silent in the gaps."""
    samples = conversation().samples[RATE : RATE + LENGTH].copy()
    for gap in GAPS:
        samples[gap["start"] : gap["start"] + gap["length"]] = 0  # type: ignore[operator,misc]
    return samples[:, :channels]


def record(directory: Path, samples: Samples, encoding: str = "PCMU", **more: Any) -> Document:
    """Write what the recorder leaves when a call is over."""
    channels = BOTH[: samples.shape[1]]
    media = MediaFormat(encoding, tuple(channels))
    with WavWriter(directory / "s.wav", media) as writer:
        writer.write(encode(np.ascontiguousarray(samples), media))
    sidecar: dict[str, Any] = {
        "format": "audiohook-recording/1",
        "owner": "0123456789abcdef",
        "session_id": "S",
        "conversation_id": "c",
        "started_at": "2026-01-02T03:04:05+00:00",
        "audio": {"format": "wav", "encoding": encoding, "rate": RATE, "channels": channels}
        | {"samples": len(samples), "files": [{"name": "s.wav", "channels": channels}]},
        "events": [],
        "gaps": GAPS,
        "state": "complete",
        "unknown": {"kept": True},
        **more,
    }
    (directory / "s.json").write_text(json.dumps(sidecar))
    return Document.read(directory / "s.json")


def audio_of(directory: Path, document: Document) -> Samples:
    return np.concatenate(
        [np.zeros((0, len(document.audio.channels)), np.int16), *blocks(directory, document)]
    )


def in_call_time(directory: Path, document: Document) -> Samples:
    channels = len(document.audio.channels)
    return np.concatenate(
        [*spread(blocks(directory, document), Timeline.of(document.audio), channels=channels)]
    )


NAMES = {
    ("wav", True, "silence"): ["s-external.wav", "s-internal.wav"],
    ("wav", False, "cut"): ["s-cut.wav"],
    ("wav", True, "cut"): ["s-external-cut.wav", "s-internal-cut.wav"],
    ("pcm16", False, "silence"): ["s-pcm16.wav"],
    ("pcm16", True, "silence"): ["s-external-pcm16.wav", "s-internal-pcm16.wav"],
    ("pcm16", False, "cut"): ["s-cut-pcm16.wav"],
    ("pcm16", True, "cut"): ["s-external-cut-pcm16.wav", "s-internal-cut-pcm16.wav"],
    ("flac", False, "silence"): ["s.flac"],
    ("flac", True, "silence"): ["s-external.flac", "s-internal.flac"],
    ("flac", False, "cut"): ["s-cut.flac"],
    ("flac", True, "cut"): ["s-external-cut.flac", "s-internal-cut.flac"],
    ("opus", False, "silence"): ["s.opus"],
    ("opus", True, "silence"): ["s-external.opus", "s-internal.opus"],
    ("opus", False, "cut"): ["s-cut.opus"],
    ("opus", True, "cut"): ["s-external-cut.opus", "s-internal-cut.opus"],
}


@pytest.mark.parametrize("encoding", ["PCMU", "L16"])
@pytest.mark.parametrize(
    "wanted", [Wanted(*key) for key in NAMES], ids=lambda w: f"{w.format}-{w.per_channel}-{w.pauses}"
)
def test_every_format_has_the_audio_of_the_call_at_its_time(
    tmp_path: Path, wanted: Wanted, encoding: str
) -> None:
    samples = speech()
    made = make_product(tmp_path, record(tmp_path, samples, encoding), wanted)

    names = NAMES[wanted.format, wanted.per_channel, wanted.pauses]
    assert [file.name for file in made.audio.files] == names
    assert {path.name for path in tmp_path.iterdir()} == {"s.json", *names}
    for file in made.audio.files:
        content = (tmp_path / file.name).read_bytes()
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert (tmp_path / file.name).stat().st_mode & 0o777 == 0o600
        assert file.channels == (BOTH if len(names) == 1 else [BOTH[names.index(file.name)]])
    if wanted.pauses == "cut":
        assert [(e.file, e.call, e.length) for e in made.audio.map or ()] == CUT_MAP
        assert (made.audio.samples, made.audio.call_samples) == (25_000, LENGTH)
    else:
        assert (made.audio.samples, made.audio.map) == (LENGTH, None)
    assert made.audio.encoding == encoding
    heard = in_call_time(tmp_path, made)
    if wanted.format == "opus":
        assert_alike(heard, samples)
    else:
        assert np.array_equal(heard, samples)

    saved = Document.read(tmp_path / "s.json")
    assert saved.audio == made.audio
    assert saved.owner == "0123456789abcdef"  # for whoever called it: there may be more to do
    made.save(tmp_path / "s.json")
    written = json.loads((tmp_path / "s.json").read_text())
    assert "leftovers" not in written
    assert written["unknown"] == {"kept": True}


def assert_alike(heard: Samples, samples: Samples) -> None:
    """See that it is the same, at the same time, but for what a lossy format takes away."""
    assert heard.shape == samples.shape
    for channel in range(samples.shape[1]):
        one, other = heard[:, channel].astype(float), samples[:, channel].astype(float)
        likeness = {shift: np.corrcoef(np.roll(one, shift), other)[0, 1] for shift in range(-4, 5)}
        assert max(likeness, key=lambda shift: likeness[shift]) == 0
        assert likeness[0] > 0.95


def test_wav_stays_as_it_came(tmp_path: Path) -> None:
    document = record(tmp_path, speech())
    before = (tmp_path / "s.wav").read_bytes(), (tmp_path / "s.json").read_bytes()
    made = make_product(tmp_path, document, Wanted())
    assert ((tmp_path / "s.wav").read_bytes(), (tmp_path / "s.json").read_bytes()) == before
    [file] = made.audio.files
    assert (file.size, file.sha256) == (len(before[0]), hashlib.sha256(before[0]).hexdigest())
    assert make_product(tmp_path, made, Wanted("flac")) == made


def test_a_wav_of_the_call_stays_mu_law(tmp_path: Path) -> None:
    make_product(tmp_path, record(tmp_path, speech()), Wanted(pauses="cut"))
    assert read_wav(tmp_path / "s-cut.wav").encoding == "PCMU"


def test_a_call_of_one_channel_has_one_file(tmp_path: Path) -> None:
    samples = speech(1)
    made = make_product(tmp_path, record(tmp_path, samples), Wanted("flac", per_channel=True))
    assert [(file.name, file.channels) for file in made.audio.files] == [("s-external.flac", ["external"])]
    assert np.array_equal(audio_of(tmp_path, made), samples)


@pytest.mark.parametrize("again", [Wanted("flac"), Wanted("opus"), Wanted()])
def test_what_is_made_stays(tmp_path: Path, again: Wanted) -> None:
    made = make_product(tmp_path, record(tmp_path, speech()), Wanted("flac"))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert make_product(tmp_path, made, again) == made
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("pauses", ["cut", "silence"])
def test_a_recording_without_audio_stays_a_wav(tmp_path: Path, pauses: Any) -> None:
    length = 800 if pauses == "cut" else 0
    gaps = [{"start": 0, "length": length, "cause": "pause"}]
    document = record(tmp_path, np.zeros((length, 2), np.int16), gaps=gaps)
    made = make_product(tmp_path, document, Wanted("opus", pauses=pauses))
    assert [file.name for file in made.audio.files] == ["s.wav"]
    assert (made.audio.format, made.audio.samples, made.audio.map) == ("wav", length, None)
    assert made.audio.files[0].sha256
    assert len(audio_of(tmp_path, made)) == length


def test_nothing_loud_is_turned_over(tmp_path: Path) -> None:
    """What is louder than 16 bits after Opus is clipped: to wrap would be a bang."""
    loud = tone(440.0, 2.0, amplitude=1.0)
    samples = np.stack([loud, loud], axis=1)
    made = make_product(tmp_path, record(tmp_path, samples, "L16", gaps=[]), Wanted("opus"))
    error = np.abs(audio_of(tmp_path, made).astype(int) - samples)
    assert np.percentile(error, 99) < 8_000
    assert error.max() < 40_000


@pytest.mark.parametrize("wanted", [Wanted("flac"), Wanted(pauses="cut"), Wanted("opus", True)], ids=str)
def test_audio_that_is_not_what_the_sidecar_says_stays_as_it_is(tmp_path: Path, wanted: Wanted) -> None:
    samples = speech()
    for change in ({"samples": LENGTH + 1}, {"samples": LENGTH - 1_500}):
        document = record(tmp_path, samples)
        document.audio.samples = change["samples"]
        document.save(tmp_path / "s.json")
        with pytest.raises(
            RecordedAudioError, match=r"^s.wav: (it holds 32000 samples, where|there is audio in the gap at)"
        ):
            make_product(tmp_path, document, wanted)
        assert {path.name for path in tmp_path.iterdir()} == {"s.json", "s.wav"}
        assert np.array_equal(read_wav(tmp_path / "s.wav").samples, samples)
        for path in tmp_path.iterdir():
            path.unlink()


def test_a_gap_that_holds_audio_is_not_cut_out(tmp_path: Path) -> None:
    samples = speech()
    samples[9_000] = 1_000
    document = record(tmp_path, samples)
    with pytest.raises(
        RecordedAudioError, match=r"^s.wav: there is audio in the gap at 8000: it is not cut out"
    ):
        make_product(tmp_path, document, Wanted("flac", pauses="cut"))
    assert {path.name for path in tmp_path.iterdir()} == {"s.json", "s.wav"}


def test_a_damaged_wav_stays_and_its_sidecar_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    document = record(tmp_path, speech(), errors={"ENOSPC": 3})
    (tmp_path / "s.wav").write_bytes(b"RIFF, or what was left of it")
    with pytest.raises(RecordedAudioError, match=r"^s.wav: this is not a WAV file"):
        make_product(tmp_path, document, Wanted("flac", pauses="cut"))
    settings = RecorderSettings(format="flac", pauses="cut")
    done = finish_locally(tmp_path, Document.read(tmp_path / "s.json"), settings)
    assert "recording stays as it is: s.wav: this is not a WAV file" in caplog.text
    assert (done.audio.format, done.errors, done.leftovers) == ("wav", {"ENOSPC": 3, "convert": 1}, [])
    assert done.audio.files[0].size == 28
    assert finish_locally(tmp_path, done, settings) == done
    assert {path.name for path in tmp_path.iterdir()} == {"s.json", "s.wav"}


def test_a_sidecar_cannot_have_files_of_others_deleted(tmp_path: Path) -> None:
    (tmp_path / "other.wav").write_bytes(b"x")
    (tmp_path / "s-old.flac").write_bytes(b"x")
    document = record(tmp_path, speech(), leftovers=["other.wav", "s-old.flac", "s.wav"])
    make_product(tmp_path, document, Wanted())
    assert {path.name for path in tmp_path.iterdir()} == {"s.json", "s.wav", "other.wav"}


@contextmanager
def small_disk(limit: int) -> Iterator[None]:
    """Have the kernel refuse files beyond that size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("limit", [2_000, 15_000])
@pytest.mark.parametrize(
    "wanted", [Wanted("pcm16"), Wanted("flac"), Wanted("opus"), Wanted("flac", True)], ids=str
)
def test_when_the_disk_refuses_the_old_file_stays(tmp_path: Path, wanted: Wanted, limit: int) -> None:
    samples = speech()
    document = record(tmp_path, samples)
    with small_disk(limit), pytest.raises(OSError, match="File too large"):
        make_product(tmp_path, document, wanted)
    assert {path.name for path in tmp_path.iterdir()} == {"s.json", "s.wav"}
    assert np.array_equal(read_wav(tmp_path / "s.wav").samples, samples)
    made = make_product(tmp_path, Document.read(tmp_path / "s.json"), wanted)
    assert audio_of(tmp_path, made).shape == samples.shape


@pytest.mark.parametrize(
    "wanted",
    [{"format": "flac"}, {"pauses": "cut", "per_channel": True}, {"format": "opus", "pauses": "cut"}],
    ids=str,
)
def test_killed_at_any_step_it_loses_nothing_and_is_done_by_the_next(
    tmp_path: Path, wanted: dict[str, Any]
) -> None:
    base = tmp_path / "base"
    base.mkdir()
    record(base, speech())
    script = Path(__file__).with_name("kill_at_each_step.py")
    command = [sys.executable, "-W", "ignore", str(script), str(base), json.dumps(wanted)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, env={**os.environ})
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 10


@pytest.mark.parametrize("wanted", [Wanted("flac"), Wanted(pauses="cut")], ids=str)
def test_what_was_written_wrong_is_found_when_files_compare(
    tmp_path: Path, wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk, or a library, that does not keep what it took costs the new files, and not the old one."""

    def other(path: Path, format_: Any, media: Any) -> Any:
        writer = create_audio(path, format_, media)
        write = writer.write
        writer.write = lambda samples: write(samples + 256)  # type: ignore[method-assign]
        return writer

    samples = speech()
    monkeypatch.setattr("audiohook_fw_recorder.writing.create_audio", other)
    with pytest.raises(RecordedAudioError, match="it does not hold what was written"):
        make_product(tmp_path, record(tmp_path, samples), wanted)
    assert {path.name for path in tmp_path.iterdir()} == {"s.json", "s.wav"}
    assert np.array_equal(read_wav(tmp_path / "s.wav").samples, samples)


@pytest.mark.parametrize("when", ["while it is read", "when it is written"])
@pytest.mark.parametrize("wanted", [Wanted("flac"), Wanted(per_channel=True, pauses="cut")], ids=str)
def test_what_is_erased_meanwhile_does_not_come_back(
    tmp_path: Path, wanted: Wanted, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def erase() -> None:
        for path in tmp_path.iterdir():
            path.unlink()

    def read(directory: Path, document: Document) -> Iterator[Samples]:
        for block in blocks(directory, document, seconds=1.0):
            yield block
            if when == "while it is read":
                erase()

    def compare(*args: object) -> None:
        (tmp_path / "s.json").unlink()
        (tmp_path / "s.wav").unlink()

    document = record(tmp_path, speech())
    monkeypatch.setattr("audiohook_fw_recorder.product.blocks", read)
    if when == "when it is written":
        monkeypatch.setattr("audiohook_fw_recorder.product._compare", compare)
    with pytest.raises(FileNotFoundError):
        make_product(tmp_path, document, wanted)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        make_product(tmp_path, document, wanted)
    assert list(tmp_path.iterdir()) == []
