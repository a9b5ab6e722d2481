from __future__ import annotations

import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiohook_fw.audio import WavError, WavReader, parse_wav, read_wav, ulaw_decode
from audiohook_fw.errors import AudiohookError

PCM = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
ULAW_STEREO = struct.pack("<HHIIHH", 7, 2, 8000, 16000, 2, 8)
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(body) if size is None else size) + body + b"\0" * (len(body) % 2)


def riff(*chunks: bytes, size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


@given(st.data(), st.integers(1, 2), st.integers(1, 200_000))
@settings(max_examples=50, deadline=None)  # the disk may be busy
def test_reads_what_the_standard_library_writes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, channels: int, rate: int
):
    values = data.draw(st.lists(st.lists(st.integers(-32768, 32767), min_size=channels, max_size=channels)))
    path = tmp_path_factory.mktemp("wav") / "x.wav"
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(np.array(values, "<i2").tobytes())
    audio = read_wav(path)
    assert audio.samples.tolist() == values
    assert (audio.rate, audio.channels, audio.encoding, audio.truncated) == (rate, channels, "L16", False)
    assert audio.duration == len(values) / rate


def test_ulaw_keeps_its_bytes():
    audio = parse_wav(riff(chunk(b"fmt ", ULAW_STEREO), chunk(b"data", b"\x00\xff\x10\x80")))
    assert (audio.encoding, audio.payload, audio.rate) == ("PCMU", b"\x00\xff\x10\x80", 8000)
    assert audio.samples.tolist() == ulaw_decode(b"\x00\xff\x10\x80").reshape(2, 2).tolist()


def test_samples_are_read_only():
    audio = parse_wav(riff(chunk(b"fmt ", ULAW_STEREO), chunk(b"data", b"\x00\xff")))
    with pytest.raises(ValueError, match="read-only"):
        audio.samples[0, 0] = 1


@pytest.mark.parametrize(("tag", "bits", "encoding"), [(1, 16, "L16"), (7, 8, "PCMU")])
def test_extensible_format(tag: int, bits: int, encoding: str):
    fmt = struct.pack("<HHIIHHHHIH", 0xFFFE, 1, 8000, 0, 0, bits, 22, bits, 4, tag) + GUID_TAIL
    audio = parse_wav(riff(chunk(b"fmt ", fmt), chunk(b"data", b"\x01\x02")))
    assert (audio.encoding, audio.payload) == (encoding, b"\x01\x02")


def test_other_chunks_are_passed_over():
    content = riff(
        chunk(b"LIST", b"odd"),
        chunk(b"fmt ", PCM),
        chunk(b"cue ", b""),
        chunk(b"data", b"ab"),
        chunk(b"LIST", b"x"),
    )
    audio = parse_wav(content)
    assert (audio.payload, audio.truncated) == (b"ab", False)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 5000])
@pytest.mark.parametrize("riff_size", [0, 0xFFFFFFFF, 36])
def test_unfinished_file_is_read_to_its_end(size: int, riff_size: int):
    content = riff(chunk(b"fmt ", PCM), chunk(b"data", b"abcdef", size), size=riff_size)
    audio = parse_wav(content + b"g")  # half a sample is no sample
    assert (audio.payload, audio.truncated) == (b"abcdef", True)


def test_finished_empty_file_stays_empty():
    audio = parse_wav(riff(chunk(b"fmt ", PCM), chunk(b"data", b""), chunk(b"LIST", b"tags")))
    assert (audio.payload, audio.truncated) == (b"", False)
    assert audio.samples.shape == (0, 1)


def test_bytes_behind_the_counted_audio_are_left_out():
    content = riff(chunk(b"fmt ", PCM), chunk(b"data", b"ab"))
    assert parse_wav(content + b"cd").payload == b"ab"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not a WAV file"),
        (b"RIFF\0\0\0\0AVI ", "not a WAV file"),
        (b"RF64\xff\xff\xff\xffWAVE", "RF64 .* ffmpeg"),
        (riff(chunk(b"fmt ", PCM)), "no data chunk"),
        (riff(chunk(b"data", b"ab")), "no fmt chunk"),
        (riff(chunk(b"fmt ", PCM[:12]), chunk(b"data", b"ab")), "too short"),
        (riff(chunk(b"fmt ", PCM[:14] + b"\x08\0")), "8-bit PCM; .* ffmpeg"),
        (riff(chunk(b"fmt ", b"\x06\0" + PCM[2:])), "A-law"),
        (riff(chunk(b"fmt ", b"\x03\0" + PCM[2:])), "floating point"),
        (riff(chunk(b"fmt ", b"\x99\0" + PCM[2:])), "format 0x99"),
        (riff(chunk(b"fmt ", PCM[:2] + b"\x03\0" + PCM[4:])), "3 channels"),
        (riff(chunk(b"fmt ", PCM[:2] + b"\0\0" + PCM[4:])), "0 channels"),
        (riff(chunk(b"fmt ", PCM[:4] + bytes(4) + PCM[8:])), "rate is 0"),
    ],
)
def test_errors_say_which_file_and_what(content: bytes, problem: str, tmp_path: Path):
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(WavError, match=problem) as error:
        read_wav(path)
    assert str(error.value).startswith(f"{path}: ")
    assert isinstance(error.value, (AudiohookError, ValueError))


@given(st.binary(max_size=60), st.binary(max_size=30))
def test_any_file_is_read_or_refused_clearly(fmt: bytes, rest: bytes):
    for content in (fmt + rest, riff(fmt), riff(chunk(b"fmt ", PCM), rest), riff(chunk(b"fmt ", fmt), rest)):
        try:
            audio = parse_wav(content)
        except WavError:
            continue
        else:
            assert audio.samples.shape[1] in (1, 2)


def test_repr_is_short():
    audio = parse_wav(riff(chunk(b"fmt ", PCM), chunk(b"data", bytes(16000))))
    assert repr(audio) == "WavAudio(L16, 1 channels, 8000 Hz, 1.000 s)"


@given(
    st.binary(max_size=600),
    st.sampled_from([PCM, ULAW_STEREO]),
    st.lists(st.one_of(st.integers(-2, 50), st.tuples(st.integers(-5, 700))), max_size=30),
)
@settings(max_examples=200, deadline=None)
def test_in_pieces_it_is_what_it_is_at_once(
    tmp_path_factory: pytest.TempPathFactory, payload: bytes, form: bytes, steps: list[int | tuple[int]]
) -> None:
    path = tmp_path_factory.mktemp("wav") / "x.wav"
    path.write_bytes(
        riff(chunk(b"LIST", b"odd"), chunk(b"fmt ", form), chunk(b"data", payload), chunk(b"x", b"y"))
    )
    whole = read_wav(path)
    with WavReader(path) as reader:
        found = (reader.samples, reader.rate, reader.channels, reader.encoding, reader.truncated)
        assert found == (len(whole.samples), whole.rate, whole.channels, whole.encoding, whole.truncated)
        position = 0
        for step in steps:
            if isinstance(step, tuple):
                position = min(max(step[0], 0), len(whole.samples))
                reader.seek(step[0])
                continue
            piece = reader.read(step)
            expected = whole.samples[position : position + max(0, step)]
            assert piece.tolist() == expected.tolist()
            assert piece.shape == (len(expected), whole.channels)
            position += len(piece)
    with pytest.raises(ValueError, match="closed"):
        reader.read(1)


def test_a_reader_shows_the_audio_that_was_there_when_it_was_opened(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(riff(chunk(b"fmt ", PCM), chunk(b"data", b"\1\0\2\0", size=0), size=0))
    with WavReader(path) as reader:
        assert reader.truncated
        path.write_bytes(path.read_bytes() + b"\3\0")
        assert reader.read(10).tolist() == [[1], [2]]
        assert len(reader.read(10)) == 0
        path.write_bytes(path.read_bytes()[:-5])  # and if it was cut off since, what is left
        reader.seek(0)
        assert reader.read(10).tolist() == []


def test_a_reader_of_what_is_no_wav_file_leaves_nothing_open(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(b"nothing")
    with pytest.raises(WavError, match="this is not a WAV file"):
        WavReader(path)
    with pytest.raises(FileNotFoundError):
        WavReader(tmp_path / "missing.wav")
