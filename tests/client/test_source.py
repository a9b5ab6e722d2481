from __future__ import annotations

import numpy as np
import pytest

from audiohook_fw import audio
from audiohook_fw.audio import WavError, WavWriter
from audiohook_fw.client import AudioSource
from audiohook_fw.protocol import MediaFormat

STEREO = MediaFormat("PCMU", ("external", "internal"))
SAMPLES = np.array([[100, -100], [200, -200], [300, -300]], np.int16)


def test_channels_come_in_the_order_of_the_media():
    source = AudioSource(SAMPLES)
    swapped = MediaFormat("L16", ("internal", "external"))
    assert audio.decode(source.payload(1, 2, swapped), swapped).tolist() == [[-200, 200], [-300, 300]]
    alone = MediaFormat("L16", ("internal",))
    assert audio.decode(source.payload(0, 1, alone, "big"), alone, "big").tolist() == [[-100]]


def test_silence_follows_the_end():
    source = AudioSource(SAMPLES)
    assert source.payload(2, 3, STEREO)[2:] == b"\xff" * 4
    assert source.payload(99, 1, STEREO) == b"\xff\xff"
    assert source.duration == 3 / 8000


def test_a_loop_has_no_end():
    source = AudioSource(SAMPLES, loop=True)
    assert source.samples(2, 3)[:, 0].tolist() == [300, 100, 200]
    assert source.duration is None


def test_tones_differ_by_channel_and_any_two_pieces_fit():
    source = AudioSource.tone()
    whole = source.payload(0, 24_000, STEREO)
    assert whole == source.payload(0, 9999, STEREO) + source.payload(9999, 14_001, STEREO)
    samples = audio.decode(whole, STEREO).astype(np.float64)
    peaks = np.abs(np.fft.rfft(samples, axis=0)).argmax(axis=0) / 3
    assert peaks.tolist() == [440, 660]


def test_silence_is_silent():
    assert AudioSource.silence().payload(5, 4, STEREO) == b"\xff" * 8
    assert AudioSource.silence().duration is None


def test_the_conversation_is_sent_as_it_is():
    source = AudioSource.conversation()
    bundled = audio.conversation()
    assert source.duration == bundled.duration > 30
    payload = source.payload(0, len(bundled.samples), STEREO)
    assert payload == bundled.payload.replace(b"\x7f", b"\xff")


def test_mono_is_the_customer_and_any_rate_is_resampled(tmp_path):
    path = tmp_path / "mono.wav"
    with WavWriter(path, MediaFormat("L16", ("external",), 16_000)) as writer:
        writer.write(audio.tone(440, 1.0, 16_000).tobytes())
    source = AudioSource.wav(path)
    assert source.duration == 1.0
    samples = source.samples(0, 8000)
    assert samples.shape == (8000, 1)
    expected = audio.tone(440, 1.0, 8000)
    assert np.abs(samples[200:-200, 0].astype(int) - expected[200:-200]).max() < 50
    assert source.payload(0, 100, MediaFormat("PCMU", ("internal",))) == b"\xff" * 100


def test_a_file_without_audio_is_refused(tmp_path):
    path = tmp_path / "empty.wav"
    WavWriter(path, STEREO).close()
    with pytest.raises(ValueError, match="it holds no audio"):
        AudioSource.wav(path)


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "text.wav"
    path.write_text("hello")
    with pytest.raises(WavError):
        AudioSource.wav(path)
