"""What is said in a test's call: every kind of audio in every format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audiohook_fw import MediaFormat
from audiohook_fw.audio import WavWriter, decode
from audiohook_fw.testing import CallAudio

STEREO = MediaFormat("PCMU", ("external", "internal"))
FORMATS = [
    STEREO,
    MediaFormat("PCMU", ("internal", "external")),
    MediaFormat("PCMU", ("internal",)),
    MediaFormat("L16", ("external", "internal")),
    MediaFormat("L16", ("external",)),
]


@pytest.mark.parametrize("media", FORMATS, ids=str)
@pytest.mark.parametrize("frame_ms", [20, 200, 333])
def test_frames(media: MediaFormat, frame_ms: float) -> None:
    frames = list(CallAudio.tone(1.0).frames(media, frame_ms=frame_ms))
    step = int(frame_ms * 8) * media.frame_width
    assert {len(frame) for frame in frames[:-1]} == {step}
    assert sum(map(len, frames)) == 8000 * media.frame_width
    samples = decode(b"".join(frames), media)
    for column, channel in enumerate(media.channels):
        peak = np.abs(np.fft.rfft(samples[:, column])).argmax()
        assert peak == {"external": 440, "internal": 660}[channel]


def test_big_endian() -> None:
    media = MediaFormat("L16", ("external",))
    little, big = (
        b"".join(CallAudio.tone(0.1).frames(media, byte_order=o))
        for o in ("little", "big")  # type: ignore[arg-type]
    )
    assert little[::2] == big[1::2]


def test_kinds(tmp_path: Path) -> None:
    assert set(b"".join(CallAudio.silence(0.5).frames())) == {0xFF}
    assert CallAudio.conversation().seconds > 40
    with WavWriter(tmp_path / "a.wav", STEREO) as wav:
        wav.write(b"\x80\xff" * 800)
    audio = CallAudio.wav(tmp_path / "a.wav")
    assert audio.seconds == 0.1
    assert b"".join(audio.frames()) == b"\x80\xff" * 800
    assert b"".join(audio.first(0.2).frames())[1600:] == b"\xff" * 1600
    given = CallAudio.samples(np.full(80, 1000, np.int16))
    assert set(decode(next(given.frames()), STEREO).flat) == {988}
    with pytest.raises(ValueError, match="int16"):
        CallAudio.samples([0.5])
    with pytest.raises(ValueError, match="2 channels"):
        CallAudio.samples(np.zeros((80, 3), np.int16))
    with pytest.raises(ValueError, match="no sample"):
        list(given.frames(frame_ms=0.01))
