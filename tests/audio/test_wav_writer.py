from __future__ import annotations

import errno
import os
import signal
import stat
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiohook_fw.audio import WavError, WavWriter, parse_wav, read_wav, wav_writer
from audiohook_fw.protocol import MediaFormat

STEREO = MediaFormat("PCMU", ("external", "internal"))
MONO = MediaFormat("PCMU", ("external",))
L16 = MediaFormat("L16", ("external", "internal"))
MEDIA = [STEREO, MONO, L16, MediaFormat("L16", ("internal",), 16000)]


def assert_strictly_valid(content: bytes, media: MediaFormat, samples: int) -> None:
    """Walk the chunks: every size must be right to the byte, and chunks in their order."""
    assert content[:4] == b"RIFF"
    assert content[8:12] == b"WAVE"
    assert int.from_bytes(content[4:8], "little") == len(content) - 8
    chunks, offset = {}, 12
    while offset < len(content):
        name, size = struct.unpack_from("<4sI", content, offset)
        chunks[name] = content[offset + 8 : offset + 8 + size]
        assert len(chunks[name]) == size
        offset += 8 + size + size % 2
    assert offset == len(content)
    tag, channels, rate, byte_rate, align, bits = struct.unpack_from("<HHIIHH", chunks[b"fmt "])
    assert (tag, bits) == ((7, 8) if media.format == "PCMU" else (1, 16))
    assert (channels, rate, align) == (len(media.channels), media.rate, media.frame_width)
    assert byte_rate == rate * align
    assert len(chunks[b"data"]) == samples * align
    if media.format == "PCMU":
        assert list(chunks) == [b"fmt ", b"fact", b"data"]
        assert len(chunks[b"fmt "]) == 18
        assert int.from_bytes(chunks[b"fact"], "little") == samples


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "call.wav"


@given(st.data(), st.sampled_from(MEDIA))
@settings(max_examples=50, deadline=None)  # the disk may be busy
def test_round_trip_and_valid_after_every_write(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, media: MediaFormat
):
    path = tmp_path_factory.mktemp("wav") / "call.wav"
    sent = b""
    with WavWriter(path, media) as writer:
        assert_strictly_valid(path.read_bytes(), media, 0)
        for count in data.draw(st.lists(st.integers(0, 50), max_size=6)):
            payload = data.draw(
                st.binary(min_size=count * media.frame_width, max_size=count * media.frame_width)
            )
            writer.write(payload)
            sent += payload
            assert writer.samples * media.frame_width == len(sent)
            assert_strictly_valid(path.read_bytes(), media, writer.samples)
    audio = read_wav(path)
    assert (audio.payload, audio.rate, audio.channels) == (sent, media.rate, len(media.channels))
    assert (audio.encoding, audio.truncated) == (media.format, False)
    assert len(audio.samples) * media.frame_width == len(sent)


def test_big_endian_l16_is_written_little_endian(path: Path):
    with WavWriter(path, L16, byte_order="big") as writer:
        writer.write(b"\x01\x02\x00\x03")
    assert read_wav(path).samples.tolist() == [[0x0102, 3]]


@pytest.mark.parametrize("media", MEDIA)
def test_silence_is_written_in_small_pieces(path: Path, media: MediaFormat, monkeypatch: pytest.MonkeyPatch):
    sizes: list[int] = []
    real = os.pwrite
    monkeypatch.setattr(
        wav_writer.os, "pwrite", lambda fd, data, at: sizes.append(len(data)) or real(fd, data, at)
    )
    with WavWriter(path, media) as writer:
        writer.write_silence(0)
        writer.write_silence(100_001)
        assert writer.samples == 100_001
    assert max(sizes) <= 65_537  # a piece and a pad byte
    content = path.read_bytes()
    assert_strictly_valid(content, media, 100_001)
    assert not np.any(parse_wav(content).samples)


def test_pcmu_silence_is_the_byte_of_zero(path: Path):
    with WavWriter(path, MONO) as writer:
        writer.write_silence(3)
    assert read_wav(path).payload == b"\xff\xff\xff"


def test_existing_file_is_refused_and_kept(path: Path):
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError, match=r"call\.wav"):
        WavWriter(path, MONO)
    assert path.read_bytes() == b"precious"
    with WavWriter(path, MONO, overwrite=True) as writer:
        writer.write(b"ab")
    assert_strictly_valid(path.read_bytes(), MONO, 2)


def test_it_has_its_name_only_once_it_is_a_wav(path: Path, monkeypatch: pytest.MonkeyPatch):
    seen: list[bool] = []
    write = wav_writer._write_at

    def looking(descriptor: int, data: bytes, offset: int) -> None:
        write(descriptor, data[:10], offset)
        seen.append(path.exists())
        write(descriptor, data, offset)

    monkeypatch.setattr(wav_writer, "_write_at", looking)
    WavWriter(path, STEREO).close()
    assert seen == [False]
    assert os.listdir(path.parent) == [path.name]
    assert read_wav(path).samples.shape == (0, 2)


def test_a_file_system_without_hard_links_will_do(path: Path, monkeypatch: pytest.MonkeyPatch):
    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    with WavWriter(path, STEREO) as writer:
        writer.write(b"\x12\x34")
    with pytest.raises(FileExistsError):
        WavWriter(path, STEREO)
    assert read_wav(path).payload == b"\x12\x34"
    assert os.listdir(path.parent) == [path.name]


def test_only_the_owner_may_read_it(path: Path):
    with WavWriter(path, MONO):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_close_is_idempotent_and_writing_after_it_is_refused(path: Path):
    writer = WavWriter(path, MONO)
    assert not writer.closed
    writer.close()
    writer.close()
    assert writer.closed
    for action in (lambda: writer.write(b"a"), lambda: writer.write_silence(1), writer.sync):
        with pytest.raises(ValueError, match="closed"):
            action()


def test_close_does_not_close_another_file(path: Path):
    writer = WavWriter(path, MONO)
    fd = writer._fd
    writer.close()
    with path.open("rb") as other:
        writer.close()
        assert other.fileno() == fd  # the number was given out again, and is still open
        assert other.read(4) == b"RIFF"


def test_torn_samples_and_negative_silence_are_refused(path: Path):
    with WavWriter(path, STEREO) as writer:
        with pytest.raises(ValueError, match="not whole samples"):
            writer.write(b"abc")
        with pytest.raises(ValueError, match="-1 samples"):
            writer.write_silence(-1)
    assert_strictly_valid(path.read_bytes(), STEREO, 0)


def test_full_disk_costs_only_what_did_not_fit(path: Path, monkeypatch: pytest.MonkeyPatch):
    real, room = os.pwrite, [6]

    def pwrite(fd: int, data: memoryview, at: int) -> int:
        if at == 0:
            return real(fd, data, at)
        count = min(room[0], len(data), 4)  # short writes on the way
        room[0] -= count
        if not count:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data[:count], at)

    with WavWriter(path, STEREO) as writer:
        monkeypatch.setattr(wav_writer.os, "pwrite", pwrite)
        writer.write(b"aabb")
        with pytest.raises(OSError, match="No space left"):
            writer.write(b"ccddee")
        assert read_wav(path).payload == b"aabb"
        assert writer.samples == 2
        room[0] = 100
        writer.write(b"ccddee")
    assert_strictly_valid(path.read_bytes(), STEREO, 5)
    assert read_wav(path).payload == b"aabbccddee"


def test_sizes_end_at_32_bits(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wav_writer, "_MAX_SIZE", 100)
    with WavWriter(path, MONO) as writer:
        writer.write(bytes(30))
        with pytest.raises(WavError, match="4 GiB"):
            writer.write(bytes(12))
        with pytest.raises(WavError, match="4 GiB"):
            writer.write_silence(10**12)
        writer.write(bytes(11))
    assert_strictly_valid(path.read_bytes(), MONO, 41)


def test_real_limit_fits_the_header_fields(path: Path):
    room = wav_writer._MAX_SIZE - wav_writer._Header(MONO).size - 1
    assert len(wav_writer._Header(MONO).of(room)) == 58
    with WavWriter(path, MONO) as writer, pytest.raises(WavError):
        writer.write_silence(room + 1)


def test_failing_constructor_leaves_no_open_file(path: Path, monkeypatch: pytest.MonkeyPatch):
    closed: list[int] = []
    real = os.close

    def fail(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(wav_writer.os, "pwrite", fail)
    monkeypatch.setattr(wav_writer.os, "close", lambda fd: (closed.append(fd), real(fd)))
    with pytest.raises(OSError, match="No space left"):
        WavWriter(path, MONO)
    assert len(closed) == 1


def test_sync_reaches_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch):
    synced: list[int] = []
    monkeypatch.setattr(wav_writer.os, "fsync", synced.append)
    with WavWriter(path, MONO) as writer:
        writer.sync()
        assert synced == [writer._fd]


KILLED = """
import sys
from audiohook_fw.audio import WavWriter
from audiohook_fw.protocol import MediaFormat

writer = WavWriter(sys.argv[1], MediaFormat("PCMU", ("external", "internal")))
number = 0
while True:
    writer.write(bytes([number % 256]) * 3200)
    number += 1
    print(number, flush=True)
"""


@pytest.mark.parametrize("after", [1, 40, 157])
def test_killed_process_leaves_every_write_that_returned(path: Path, after: int):
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = 0
        for line in process.stdout:
            told = int(line)
            if told == after:
                process.send_signal(signal.SIGKILL)
        # The loop went on to what was in the pipe: `told` is the last write known to have returned.
    assert process.returncode == -signal.SIGKILL
    content = path.read_bytes()
    size = int.from_bytes(content[54:58], "little")
    assert told * 3200 <= size <= (told + 1) * 3200
    assert size % 3200 == 0
    assert_strictly_valid(content[: 58 + size], STEREO, size // 2)
    # At most one uncounted write behind it; the kernel may cut that one short, at the end of a page.
    assert 0 <= len(content) - 58 - size <= 3200
    audio = read_wav(path)
    assert audio.payload == b"".join(bytes([n % 256]) * 3200 for n in range(size // 3200))
    assert not audio.truncated


@pytest.mark.parametrize("media", MEDIA)
@pytest.mark.parametrize("samples", [0, 1, 2, 7])
def test_a_streaming_file_is_read_whole_and_valid_once_it_is_closed(
    path: Path, media: MediaFormat, samples: int
):
    writer = WavWriter(path, media, streaming=True)
    sent = b""
    for _ in range(3):
        writer.write(payload := os.urandom(samples * media.frame_width))
        sent += payload
        grown = read_wav(path)
        assert (grown.payload, grown.truncated) == (sent, True)
    writer.close()
    assert_strictly_valid(path.read_bytes(), media, 3 * samples)
    assert read_wav(path).payload == sent


def test_a_streaming_write_is_one_system_call(path: Path, monkeypatch: pytest.MonkeyPatch):
    calls: list[int] = []
    real = os.pwrite
    writer = WavWriter(path, STEREO, streaming=True)
    monkeypatch.setattr(wav_writer.os, "pwrite", lambda fd, data, at: calls.append(at) or real(fd, data, at))
    writer.write(b"abcd")
    writer.write(b"efgh")
    assert len(calls) == 2
    writer.close()


def test_finish_may_be_tried_again_and_close_closes_in_any_case(path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(fd: int, data: bytes, at: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    writer = WavWriter(path, MONO, streaming=True)
    writer.write(b"abc")
    with monkeypatch.context() as patch:
        patch.setattr(wav_writer.os, "pwrite", full)
        with pytest.raises(OSError, match="No space"):
            writer.finish()
    writer.finish()
    assert_strictly_valid(path.read_bytes(), MONO, 3)
    writer.write(b"d")  # no stream any more: each write corrects the sizes
    assert_strictly_valid(path.read_bytes(), MONO, 4)
    writer.close()
    other = WavWriter(path.with_name("other.wav"), MONO, streaming=True)
    monkeypatch.setattr(wav_writer.os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        other.close()
    assert other.closed


@pytest.mark.parametrize("streaming", [False, True])
def test_a_file_that_was_taken_away_is_restored_with_all_it_had(
    path: Path, streaming: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(wav_writer, "_COPIED", 7)
    with WavWriter(path, MONO, streaming=streaming) as writer:
        writer.write(sent := bytes(range(101)))
        assert writer.is_in_place()
        path.unlink()
        assert not writer.is_in_place()
        writer.restore()
        assert writer.is_in_place()
        assert read_wav(path).payload == sent
        writer.write(b"more")
    assert_strictly_valid(path.read_bytes(), MONO, 105)
    assert read_wav(path).payload == sent + b"more"
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(path.parent) == [path.name]


def test_a_file_that_somebody_put_in_its_place_is_left_to_them(path: Path):
    with WavWriter(path, MONO) as writer:
        writer.write(b"abcd")
        path.unlink()
        path.write_bytes(b"precious")
        assert not writer.is_in_place()
        with pytest.raises(FileExistsError):
            writer.restore()
        writer.write(b"more")
    assert path.read_bytes() == b"precious"


def test_a_restore_that_fails_leaves_nothing_new_and_the_old_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    def broken(fd: int, size: int, at: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    before = len(os.listdir("/dev/fd"))
    with WavWriter(path, MONO) as writer:
        writer.write(b"abcd")
        path.unlink()
        with monkeypatch.context() as patch:
            patch.setattr(wav_writer.os, "pread", broken)
            with pytest.raises(OSError, match="Input/output"):
                writer.restore()
        assert not path.exists()
        writer.restore()
        assert read_wav(path).payload == b"abcd"
    assert len(os.listdir("/dev/fd")) == before
