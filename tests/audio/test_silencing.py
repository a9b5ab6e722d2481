from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.audio import WavWriter, decode, read_wav, silenced, wav_writer
from audiohook_fw.protocol import MediaFormat

MEDIA = [
    MediaFormat("PCMU", ("external", "internal")),
    MediaFormat("PCMU", ("external",)),
    MediaFormat("L16", ("external", "internal")),
]
place = st.integers(-20, 60)


@given(st.sampled_from(MEDIA), st.data(), place, place)
def test_one_channel_is_silent_there_and_nothing_else_changes(
    media: MediaFormat, data: st.DataObject, start: int, end: int
) -> None:
    channel = data.draw(st.integers(0, len(media.channels) - 1))
    payload = data.draw(st.binary(min_size=40 * media.frame_width, max_size=40 * media.frame_width))
    expected = decode(payload, media).copy()
    expected[max(0, start) : max(0, end), channel] = 0
    assert np.array_equal(decode(silenced(payload, media, channel, start, end), media), expected)


def test_pcmu_is_silenced_with_the_byte_of_zero() -> None:
    assert silenced(b"abcd", MEDIA[0], 1, 0, 2) == b"a\xffc\xff"


@pytest.mark.parametrize("channel", [-1, 2])
def test_a_channel_that_there_is_not_is_refused(channel: int) -> None:
    with pytest.raises(ValueError, match=f"no channel {channel} in PCMU"):
        silenced(b"abcd", MEDIA[0], channel, 0, 2)


@pytest.mark.parametrize("media", MEDIA, ids=str)
@pytest.mark.parametrize("streaming", [False, True])
def test_what_was_written_is_silenced_in_place(
    tmp_path: Path, media: MediaFormat, streaming: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "call.wav"
    monkeypatch.setattr(wav_writer, "_COPIED", 32)
    payload = bytes(range(1, 101)) * media.frame_width
    last = len(media.channels) - 1
    with WavWriter(path, media, streaming=streaming) as writer:
        writer.write(payload)
        writer.silence(last, -5, 30)
        writer.silence(0, 90, 1000)
        writer.write(payload)
        expected = read_wav(path).samples.copy()
    sent = np.vstack([np.frombuffer(payload, f"<u{media.sample_width}").reshape(100, -1)] * 2)
    zero = 0xFF if media.format == "PCMU" else 0
    sent = sent.copy()
    sent[:30, last] = zero
    sent[90:100, 0] = zero
    assert read_wav(path).payload == sent.tobytes()
    assert np.array_equal(read_wav(path).samples, expected)
    assert not read_wav(path).truncated


def test_silence_needs_an_open_file_and_a_channel_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "call.wav"
    writer = WavWriter(path, MEDIA[1])
    writer.write(b"abcd")
    with pytest.raises(ValueError, match="no channel 1"):
        writer.silence(1, 0, 4)
    with monkeypatch.context() as patched:
        patched.setattr(os, "pread", lambda *_: b"a")
        with pytest.raises(OSError, match="Input"):
            writer.silence(0, 0, 4)
    writer.close()
    assert read_wav(path).payload == b"abcd"
    with pytest.raises(ValueError, match="closed"):
        writer.silence(0, 0, 4)
