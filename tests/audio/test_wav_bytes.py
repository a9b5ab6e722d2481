"""A whole WAV in memory is the file that `WavWriter` would write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import pytest

from audiohook_fw.audio import WavError, WavWriter, read_wav, wav_bytes, wav_writer
from audiohook_fw.protocol import MediaFormat

STEREO = MediaFormat("PCMU", ("external", "internal"))
MEDIA = [STEREO, MediaFormat("PCMU", ("external",)), MediaFormat("L16", ("internal",), 16000)]


@pytest.mark.parametrize("media", MEDIA)
@pytest.mark.parametrize("byte_order", ["little", "big"])
@pytest.mark.parametrize("samples", [0, 1, 801])
def test_a_wav_in_memory_is_the_file_that_would_be_written(
    tmp_path: Path, media: MediaFormat, byte_order: Literal["little", "big"], samples: int
) -> None:
    payload = os.urandom(samples * media.frame_width)
    content = wav_bytes(payload, media, byte_order=byte_order)
    path = tmp_path / "a.wav"
    with WavWriter(path, media, byte_order=byte_order) as writer:
        writer.write(payload)
    assert content == path.read_bytes()
    assert len(read_wav(path).samples) == samples


def test_a_wav_in_memory_holds_whole_samples_and_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="3 bytes are not whole samples of 2 bytes"):
        wav_bytes(b"abc", STEREO)
    monkeypatch.setattr(wav_writer, "_MAX_SIZE", 100)
    with pytest.raises(WavError, match="4 GiB"):
        wav_bytes(bytes(100), STEREO)
