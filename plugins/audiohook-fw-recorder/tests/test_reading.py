"""Recordings read block by block: all of it, in the order of channels, or a clear word."""

from __future__ import annotations

import resource
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from audiohook_fw_recorder.document import AudioFile, Document, RecordedAudio
from audiohook_fw_recorder.reading import RecordedAudioError, blocks

from audiohook_fw import MediaFormat
from audiohook_fw.audio import Samples, WavWriter, encode, ulaw_decode

RATE = 8000
BOTH = ["external", "internal"]


def audio_of(samples: int, channels: int, seed: int = 0) -> Samples:
    """Return noise that µ-law keeps as it is."""
    noise = np.random.default_rng(seed).integers(0, 256, samples * channels, np.uint8)
    return ulaw_decode(noise.tobytes()).reshape(-1, channels)


def wav(path: Path, samples: Samples, encoding: str = "PCMU", rate: int = RATE) -> None:
    media = MediaFormat(encoding, ("external", "internal")[: samples.shape[1]], rate)
    with WavWriter(path, media) as writer:
        writer.write(encode(samples, media))


def described(files: list[AudioFile], samples: int, channels: list[str], **more: object) -> Document:
    audio = RecordedAudio.model_validate(
        {"format": "wav", "encoding": "PCMU", "rate": RATE, "channels": channels, "samples": samples}
        | {"files": files, **more}
    )
    now = datetime(2026, 1, 2, tzinfo=UTC)
    return Document(
        format="audiohook-recording/1",
        session_id="s",
        conversation_id="c",
        started_at=now,
        state="complete",
        audio=audio,
        events=[],
        gaps=[],
    )


@pytest.mark.parametrize("encoding", ["PCMU", "L16"])
@pytest.mark.parametrize("channels", [["internal"], BOTH, BOTH[::-1]])
@pytest.mark.parametrize("seconds", [0.01, 0.5, 10.0])
def test_all_of_one_file_is_read(tmp_path: Path, encoding: str, channels: list[str], seconds: float) -> None:
    samples = audio_of(8123, len(channels))
    wav(tmp_path / "s.wav", samples, encoding)
    document = described([AudioFile(name="s.wav", channels=channels)], 8123, channels)
    read = list(blocks(tmp_path, document, seconds=seconds))
    assert all(len(block) <= seconds * RATE for block in read)
    assert np.array_equal(np.concatenate(read), samples)


def test_files_of_one_channel_each_are_joined_in_the_order_of_the_call(tmp_path: Path) -> None:
    samples = audio_of(5000, 2)
    wav(tmp_path / "a.wav", samples[:, :1])
    wav(tmp_path / "b.wav", samples[:, 1:])
    files = [AudioFile(name="b.wav", channels=["internal"]), AudioFile(name="a.wav", channels=["external"])]
    read = list(blocks(tmp_path, described(files, 5000, BOTH), seconds=0.1))
    assert np.array_equal(np.concatenate(read), samples)


def test_a_recording_without_audio_has_no_blocks(tmp_path: Path) -> None:
    wav(tmp_path / "s.wav", audio_of(0, 2))
    assert list(blocks(tmp_path, described([AudioFile(name="s.wav", channels=BOTH)], 0, BOTH))) == []


def test_what_one_file_has_more_is_not_passed_over(tmp_path: Path) -> None:
    wav(tmp_path / "a.wav", audio_of(1000, 1))
    wav(tmp_path / "b.wav", audio_of(900, 1))
    files = [AudioFile(name="a.wav", channels=["external"]), AudioFile(name="b.wav", channels=["internal"])]
    read: list[Samples] = []
    with pytest.raises(RecordedAudioError, match=r"^a.wav: the files of its channels differ in length"):
        read.extend(blocks(tmp_path, described(files, 1000, BOTH), seconds=0.1))
    assert sum(len(block) for block in read) == 900


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "s.wav: this is not a WAV file"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "s.wav: it has no data chunk"),
        (b"RIFF\x10\0\0\0WAVEdata\0\0\0\0", "s.wav: its data has no fmt chunk"),
    ],
)
def test_a_damaged_file_is_said_to_be(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "s.wav").write_bytes(content)
    with pytest.raises(RecordedAudioError) as caught:
        next(blocks(tmp_path, described([AudioFile(name="s.wav", channels=BOTH)], 1, BOTH)))
    assert str(caught.value).startswith(problem)


def test_a_file_that_has_lost_audio_is_refused_once_the_call_is_over(tmp_path: Path) -> None:
    wav(tmp_path / "s.wav", audio_of(900, 2))
    files = [AudioFile(name="s.wav", channels=BOTH)]
    longer = described(files, 1000, BOTH)
    with pytest.raises(
        RecordedAudioError, match=r"s.wav: it holds 900 samples, where the sidecar speaks of 1000"
    ):
        list(blocks(tmp_path, longer))
    for document in (longer.model_copy(update={"state": "recording"}), described(files, 800, BOTH)):
        assert sum(len(block) for block in blocks(tmp_path, document)) == 900


def test_a_file_that_is_not_what_the_sidecar_says_is_refused(tmp_path: Path) -> None:
    wav(tmp_path / "s.wav", audio_of(10, 1))
    stereo = described([AudioFile(name="s.wav", channels=BOTH)], 10, BOTH)
    with pytest.raises(
        RecordedAudioError, match=r"s.wav: it has 1 channels at 8000 Hz, where the sidecar sp"
    ):
        next(blocks(tmp_path, stereo))
    for files in ([], [AudioFile(name="s.wav", channels=["other"])]):
        with pytest.raises(RecordedAudioError, match="its files hold the channels"):
            next(blocks(tmp_path, described(files, 10, ["internal"])))
    odd = described([AudioFile(name="s.wav", channels=BOTH)], 10, BOTH, format="mp3")
    with pytest.raises(RecordedAudioError, match=r"s.wav: files of the format 'mp3' are not read"):
        next(blocks(tmp_path, odd))
    with pytest.raises(FileNotFoundError):
        next(blocks(tmp_path, described([AudioFile(name="x.wav", channels=BOTH)], 10, BOTH)))


def test_a_call_of_six_hours_needs_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    media = MediaFormat("PCMU", ("external", "internal"))
    length = 6 * 3600 * RATE
    with WavWriter(tmp_path / "s.wav", media) as writer:
        writer.write(b"\0" * 2 * RATE)
        writer.write(b"")
    with (tmp_path / "s.wav").open("r+b") as file:  # a file with a hole: long, and no work for the disk
        file.truncate(file.seek(0, 2) + 2 * (length - RATE))
        file.seek(4)
        file.write(b"\xff\xff\xff\xff")
        file.seek(54)
        file.write(b"\xff\xff\xff\xff")
    document = described([AudioFile(name="s.wav", channels=BOTH)], length, BOTH)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(len(block) for block in blocks(tmp_path, document)) == length
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # kB; the file has 345 MB
