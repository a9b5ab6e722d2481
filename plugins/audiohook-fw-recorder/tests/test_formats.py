"""Files of every format: a clear word on what is missing, damaged or refused."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from audiohook_fw_recorder.formats import (
    FormatMissingError,
    RecordedAudioError,
    create_audio,
    open_audio,
    require,
)

from audiohook_fw import MediaFormat
from audiohook_fw.audio import Samples, conversation

STEREO = MediaFormat("PCMU", ("external", "internal"))


def speech(samples: int = 40_000) -> Samples:
    return conversation().samples[:samples]


def made(path: Path, format_: Any, samples: Samples, media: MediaFormat = STEREO) -> Path:
    with create_audio(path, format_, media) as writer:
        writer.write(samples)
    return path


def read(path: Path, format_: str, step: int = 1_000) -> Samples:
    reader = open_audio(path, format_)
    parts = []
    try:
        while len(part := reader.read(step)):
            parts.append(part)
    finally:
        reader.close()
    return np.concatenate(parts)


@pytest.mark.parametrize("format_", ["wav", "pcm16", "flac"])
@pytest.mark.parametrize("step", [1, 999, 50_000])
def test_what_is_written_is_read(tmp_path: Path, format_: str, step: int) -> None:
    samples = speech(2_000 if step == 1 else 40_000)
    assert np.array_equal(read(made(tmp_path / "x", format_, samples), format_, step), samples)


@pytest.mark.parametrize("length", [1, 2, 159, 160, 161, 8_000, 39_999])
def test_opus_is_as_long_as_what_was_written(tmp_path: Path, length: int) -> None:
    assert read(made(tmp_path / "x", "opus", speech(length)), "opus").shape == (length, 2)


def test_opus_lets_no_speaker_be_heard_in_the_other_channel(tmp_path: Path) -> None:
    samples = speech().copy()
    samples[:, 1] = 0
    assert not read(made(tmp_path / "x", "opus", samples), "opus")[:, 1].any()


@pytest.mark.parametrize("format_", ["wav", "flac", "opus"])
def test_a_file_that_is_there_is_replaced(tmp_path: Path, format_: str) -> None:
    (tmp_path / "x").write_bytes(bytes(100_000))
    assert len(read(made(tmp_path / "x", format_, speech(800)), format_)) == 800


@pytest.mark.parametrize("format_", ["flac", "opus"])
def test_what_is_cut_off_or_damaged_is_said_or_short_and_never_a_crash(tmp_path: Path, format_: str) -> None:
    whole = made(tmp_path / "x", format_, speech()).read_bytes()
    said = 0
    for length in (0, 3, 60, 200, 5_000, len(whole) - 1):
        (tmp_path / "cut").write_bytes(whole[:length])
        try:
            assert len(read(tmp_path / "cut", format_)) < 40_000
        except RecordedAudioError as error:
            assert str(error).startswith("cut: it cannot be read: ")  # noqa: PT017  # either will do
            said += 1
    assert said >= 3
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 50)
    with pytest.raises(RecordedAudioError, match=r"^noise: it cannot be read"):
        open_audio(tmp_path / "noise", format_)


def test_a_file_of_another_kind_is_not_taken_for_it(tmp_path: Path) -> None:
    made(tmp_path / "x.opus", "flac", speech())
    with pytest.raises(RecordedAudioError, match=r"^x.opus: it holds FLAC PCM_16, where opus is expected"):
        open_audio(tmp_path / "x.opus", "opus")
    with pytest.raises(RecordedAudioError, match=r"^x.opus: this is not a WAV file"):
        open_audio(tmp_path / "x.opus", "wav")
    with pytest.raises(RecordedAudioError, match=r"'mp3' are not read here: wav, pcm16, flac, opus are"):
        open_audio(tmp_path / "x.opus", "mp3")


def test_a_rate_that_opus_does_not_have_is_said(tmp_path: Path) -> None:
    media = MediaFormat("L16", ("external", "internal"), 11_025)
    with pytest.raises(RecordedAudioError, match=r"^x: it cannot be written as opus at 11025 Hz"):
        create_audio(tmp_path / "x", "opus", media)


def test_damage_within_flac_is_always_said(tmp_path: Path) -> None:
    whole = made(tmp_path / "x", "flac", speech(80_000)).read_bytes()
    for at in range(1_000, len(whole) - 10, len(whole) // 10):
        damaged = bytearray(whole)
        damaged[at] ^= 0x55
        (tmp_path / "damaged").write_bytes(damaged)
        with pytest.raises(RecordedAudioError, match=r"^damaged: it cannot be read: .*flac"):
            read(tmp_path / "damaged", "flac")


@pytest.mark.parametrize("format_", ["flac", "opus"])
def test_a_full_disk_is_an_error_of_the_disk_and_said_at_once(format_: Any) -> None:
    """What libsndfile does not say itself: hours of audio would be encoded for nothing."""
    written = 0

    def write() -> None:
        nonlocal written
        with create_audio(Path("/dev/full"), format_, STEREO) as file:
            for _ in range(20):
                file.write(speech())
                written += 1

    with pytest.raises(OSError, match="No space left on device"):
        write()
    assert written < 20


@pytest.mark.parametrize("format_", ["flac", "opus"])
def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, format_: str, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    expected = rf"the format {format_} needs soundfile .*: pip install 'audiohook-fw-recorder\[formats\]'"
    with pytest.raises(FormatMissingError, match=expected):
        require(format_)
    require("wav")
    require("pcm16")
    with pytest.raises(FormatMissingError, match=expected):
        create_audio(tmp_path / "x", format_, STEREO)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setitem(sys.modules, "soundfile", SimpleNamespace(available_subtypes=lambda container: {}))
    with pytest.raises(FormatMissingError, match=f"libsndfile that is installed here knows no {format_}"):
        require(format_)
