"""The spool of encrypted calls: what is written opens with the key, piece by piece, and is call time."""

from __future__ import annotations

import errno
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder import age_spool
from audiohook_fw_recorder.age import AgeError, Recipients
from audiohook_fw_recorder.age_spool import AgeSpool, Segment, mend_segments, stored_segments
from audiohook_fw_recorder.decrypting import segments
from audiohook_fw_recorder.tar import TarWriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiohook_fw import MediaFormat
from audiohook_fw.audio import parse_wav

RATE = 100
"""Few samples, so that five seconds of them are quickly made."""
MONO = MediaFormat("PCMU", ("external",), RATE)
STEREO = MediaFormat("PCMU", ("external", "internal"), RATE)
L16 = MediaFormat("L16", ("external",), RATE)


def spool_in(directory: Path, key: Any, media: MediaFormat = STEREO) -> AgeSpool:
    spool = AgeSpool(media, Recipients([key.public]), byte_order="little")
    path = directory / "call.tar"
    path.unlink(missing_ok=True)
    spool.begin(path)
    return spool


def stored(directory: Path) -> list[Segment]:
    with (directory / "call.tar").open("rb") as file:
        return list(stored_segments(file, "call.tar"))


def expected(pieces: list[bytes | int], media: MediaFormat) -> bytes:
    zero = (b"\xff" if media.format == "PCMU" else b"\0") * media.frame_width
    return b"".join(zero * piece if isinstance(piece, int) else piece for piece in pieces)


def written(directory: Path, key: Any, media: MediaFormat, length: int) -> bytes:
    """Return the call that the segments make, silence between them."""
    whole = bytearray(expected([length], media))
    for start, audio in segments(directory / "call.tar", key.identities):
        begin = start * media.frame_width
        whole[begin : begin + len(audio.payload)] = audio.payload
    return bytes(whole)


def test_a_segment_is_an_age_file_that_holds_a_wav(tmp_path: Path, key: Any, decrypt: Any) -> None:
    spool = spool_in(tmp_path, key)
    audio = os.urandom(2 * RATE)
    spool.write([12_345, audio])
    spool.close()
    with tarfile.open(tmp_path / "call.tar") as archive:
        (member,) = archive.getmembers()
        content = archive.extractfile(member)
        assert content is not None
        assert member.name == "000000012345-000000012445.wav.age"
        wav = parse_wav(decrypt(content.read(), key))
    assert (wav.encoding, wav.rate, wav.channels, wav.payload) == ("PCMU", RATE, 2, audio)
    assert spool.samples == 12_445
    assert spool.described == {"format": "age", "recipients": [key.public]}


def test_long_audio_is_split_at_five_seconds_wherever_frames_end(tmp_path: Path, key: Any) -> None:
    spool = spool_in(tmp_path, key)
    audio = os.urandom(2 * 1234)
    pieces: list[bytes | int] = [audio[:200], audio[200:2400], audio[2400:]]
    spool.write(pieces)
    assert pieces == []
    assert [(s.start, s.end) for s in stored(tmp_path)] == [(0, 500), (500, 1000), (1000, 1234)]
    assert written(tmp_path, key, STEREO, 1234) == audio


def test_silence_is_stored_only_where_it_fits_into_a_segment(tmp_path: Path, key: Any) -> None:
    spool = spool_in(tmp_path, key, MONO)
    audio = os.urandom(100)
    spool.write([700, audio, 300, audio, 50, audio, 501, audio, 0, 9_000])
    assert [(s.start, s.end) for s in stored(tmp_path)] == [(700, 1200), (1250, 1350), (1851, 1951)]
    assert spool.samples == 700 + 100 + 300 + 100 + 50 + 100 + 501 + 100 + 9_000


def test_crumbs_of_audio_do_not_make_a_segment_each(tmp_path: Path, key: Any) -> None:
    spool = spool_in(tmp_path, key, MONO)
    spool.write([b"a", 1] * 2_000)
    assert len(stored(tmp_path)) == 8


@pytest.mark.parametrize("media", [MONO, STEREO, L16], ids=str)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_was_written_is_read(tmp_path: Path, key: Any, media: MediaFormat, data: st.DataObject) -> None:
    audio = st.integers(0, 700).map(lambda n: os.urandom(n * media.frame_width))
    pieces = data.draw(st.lists(st.one_of(audio, st.integers(0, 1_500)), max_size=12))
    spool = spool_in(tmp_path, key, media)
    split = data.draw(st.integers(0, len(pieces)))
    spool.write(list(pieces[:split]))
    spool.write(list(pieces[split:]))
    whole = expected(pieces, media)
    assert spool.samples == len(whole) // media.frame_width
    assert written(tmp_path, key, media, spool.samples) == whole
    assert all(0 < segment.length <= 5 * RATE for segment in stored(tmp_path))


def test_what_the_disk_refuses_is_kept_and_written_later(
    tmp_path: Path, key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = spool_in(tmp_path, key, MONO)
    audio = os.urandom(1_600)
    pieces: list[bytes | int] = [40, audio[:700], audio[700:]]
    append, left = TarWriter.append, [1]

    def full(writer: TarWriter, name: str, content: bytes) -> None:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        left[0] -= 1
        append(writer, name, content)

    monkeypatch.setattr(TarWriter, "append", full)
    with pytest.raises(OSError, match="No space"):
        spool.write(pieces)
    assert pieces == [audio[500:700], audio[700:]]
    assert spool.samples == 540
    monkeypatch.undo()
    spool.write(pieces)
    assert written(tmp_path, key, MONO, 1_640) == expected([40, audio], MONO)


def test_a_killed_server_leaves_whole_segments(tmp_path: Path, key: Any) -> None:
    spool = spool_in(tmp_path, key, MONO)
    audio = os.urandom(1_200)
    spool.write([audio])
    spool.close()
    path = tmp_path / "call.tar"
    last = stored(tmp_path)[-1]
    os.truncate(path, last.offset + last.size - 1)
    assert [s.end for s in stored(tmp_path)] == [500, 1000]
    assert mend_segments(path) == 1000
    assert mend_segments(path) == 1000
    assert written(tmp_path, key, MONO, 1_000) == audio[:1000]
    os.truncate(path, 100)
    assert mend_segments(path) == 0
    assert stored(tmp_path) == []


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["notes.txt"], "'notes.txt' in it is no segment of a recording"),
        (["000000000009-000000000009.wav.age"], "is no segment of a recording"),
        (
            ["000000000000-000000000009.wav.age", "000000000008-000000000012.wav.age"],
            "000000000008-000000000012.wav.age begins before the end of the one before it",
        ),
    ],
)
def test_another_archive_is_told(tmp_path: Path, names: list[str], problem: str) -> None:
    writer = TarWriter(tmp_path / "call.tar")
    for name in names:
        writer.append(name, b"a")
    with pytest.raises(AgeError, match=f"call.tar: .*{problem}"):
        stored(tmp_path)


def test_what_is_no_archive_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "call.tar"
    path.write_bytes(b"something else" * 100)
    with pytest.raises(AgeError, match=r"call.tar: there is no member of an archive at byte 0"):
        stored(tmp_path)
    with pytest.raises(AgeError, match=r"call.tar: there is no member of an archive at byte 0"):
        mend_segments(path)
    assert path.read_bytes() == b"something else" * 100


def test_a_killed_server_loses_five_seconds_at_most() -> None:
    assert age_spool.SEGMENT_DELAY + age_spool.REST <= age_spool.SEGMENT_SECONDS == 5
