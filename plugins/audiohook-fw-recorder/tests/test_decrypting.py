"""Encrypted recordings read with a key: all of call time, by blocks; and what is said when that fails."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audiohook_fw_recorder.age import AgeError, NoKeyError, Recipients
from audiohook_fw_recorder.age_spool import AgeSpool, stored_segments
from audiohook_fw_recorder.decrypting import segments
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.reading import blocks
from audiohook_fw_recorder.tar import TarWriter

from audiohook_fw import MediaFormat
from audiohook_fw.audio import ulaw_decode, wav_bytes

RATE = 8_000
TWO_FILES = [{"name": f"{channel}.tar", "channels": [channel]} for channel in ("external", "internal")]
STEREO = MediaFormat("PCMU", ("external", "internal"))


def document(samples: int, *, state: str = "complete", **changed: Any) -> Document:
    audio = {
        "format": "age",
        "encoding": "PCMU",
        "rate": RATE,
        "channels": ["external", "internal"],
        "samples": samples,
        "files": [{"name": "call.tar", "channels": ["external", "internal"]}],
        **changed,
    }
    content = {
        "format": "audiohook-recording/1",
        "session_id": "a",
        "conversation_id": "b",
        "started_at": "2026-01-02T03:04:05Z",
        "state": state,
        "audio": audio,
        "events": [],
        "gaps": [],
    }
    return Document.model_validate(content)


def write(directory: Path, key: Any, pieces: list[bytes | int]) -> None:
    spool = AgeSpool(STEREO, Recipients([key.public]), byte_order="little")
    spool.begin(directory / "call.tar")
    spool.write(list(pieces))
    spool.close()


def place_of_last_segment(directory: Path) -> tuple[int, int]:
    with (directory / "call.tar").open("rb") as file:
        last = list(stored_segments(file, "call.tar"))[-1]
    return last.offset, last.size


@pytest.mark.parametrize("seconds", [0.001, 3.0, 10.0])
def test_blocks_are_all_of_call_time(tmp_path: Path, key: Any, seconds: float) -> None:
    audio = [os.urandom(2 * length) for length in (9_000, 50_001, 1)]
    write(tmp_path, key, [800, audio[0], 60_000, audio[1], 99_999, audio[2], 500])
    length = 800 + 9_000 + 60_000 + 50_001 + 99_999 + 1 + 500
    read = list(blocks(tmp_path, document(length), seconds=seconds, identities=key.identities))
    assert all(0 < len(block) <= max(1, seconds * RATE) for block in read)
    whole = np.zeros((length, 2), np.int16)
    for start, payload in zip((800, 69_800, 219_800), audio, strict=True):
        whole[start : start + len(payload) // 2] = ulaw_decode(payload).reshape(-1, 2)
    assert np.array_equal(np.concatenate(read), whole)


def test_of_a_running_call_it_gives_what_is_there(tmp_path: Path, key: Any) -> None:
    write(tmp_path, key, [bytes(2 * 50_000)])
    offset, size = place_of_last_segment(tmp_path)
    os.truncate(tmp_path / "call.tar", offset + size // 2)
    read = list(blocks(tmp_path, document(0, state="recording"), identities=key.identities))
    assert sum(len(block) for block in read) == 40_000


def test_six_hours_are_read_in_little_memory(tmp_path: Path, key: Any) -> None:
    hours = 6 * 3600 * RATE
    write(tmp_path, key, [bytes(2 * 40_000), hours - 80_000, bytes(2 * 40_000)])
    tracemalloc.start()
    try:
        length = sum(len(block) for block in blocks(tmp_path, document(hours), identities=key.identities))
        assert length == hours
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_without_a_key_it_says_so(tmp_path: Path, key: Any, new_key: Any) -> None:
    write(tmp_path, key, [bytes(2_000)])
    with pytest.raises(NoKeyError, match=r"call.tar: it is encrypted: name the file of a key"):
        next(blocks(tmp_path, document(1_000)))
    with pytest.raises(NoKeyError, match=r"000000001000.wav.age: no key of key.txt opens it"):
        next(blocks(tmp_path, document(1_000), identities=new_key().identities))


def test_a_damaged_segment_is_named_after_all_before_was_given(tmp_path: Path, key: Any) -> None:
    write(tmp_path, key, [bytes(2 * 50_000)])
    path = tmp_path / "call.tar"
    offset, size = place_of_last_segment(tmp_path)
    content = bytearray(path.read_bytes())
    content[offset + size - 1] ^= 1
    path.write_bytes(content)
    got = blocks(tmp_path, document(50_000), identities=key.identities)
    assert len(next(got)) == 40_000
    with pytest.raises(AgeError, match=r"call.tar: 000000040000-000000050000.wav.age: it is damaged"):
        next(got)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"no WAV", "this is not a WAV file"),
        (wav_bytes(bytes(18), STEREO), "it holds 9 samples, not 10"),
        (wav_bytes(bytes(20), STEREO)[:-1], "it holds 9 samples, not 10"),
    ],
)
def test_a_segment_that_holds_something_else_is_told(
    tmp_path: Path, key: Any, content: bytes, problem: str
) -> None:
    writer = TarWriter(tmp_path / "call.tar")
    writer.append("000000000000-000000000010.wav.age", Recipients([key.public]).encrypt(content))
    with pytest.raises(AgeError, match=f"call.tar: 000000000000-000000000010.wav.age: .*{problem}"):
        list(segments(tmp_path / "call.tar", key.identities))


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (
            {"rate": 16_000},
            "from 0 it holds PCMU, 2 channels at 8000 Hz, where the sidecar speaks of PCMU, 2",
        ),
        ({"encoding": "L16"}, "where the sidecar speaks of L16, 2 channels at 8000 Hz"),
        ({"samples": 999}, "it is longer than the 999 samples the sidecar speaks of"),
        ({"files": TWO_FILES}, "does not name one file of encrypted audio"),
    ],
)
def test_what_is_not_as_the_sidecar_says_is_told(
    tmp_path: Path, key: Any, told: dict[str, Any], problem: str
) -> None:
    write(tmp_path, key, [bytes(2_000)])
    with pytest.raises(ValueError, match=problem):
        list(blocks(tmp_path, document(**{"samples": 1_000, **told}), identities=key.identities))


def test_a_file_that_is_gone_is_told_and_none_stays_open(tmp_path: Path, key: Any) -> None:
    with pytest.raises(FileNotFoundError):
        next(blocks(tmp_path, document(1_000), identities=key.identities))
    write(tmp_path, key, [bytes(2_000)])
    got = blocks(tmp_path, document(1_000), identities=key.identities)
    next(got)
    got.close()  # type: ignore[attr-defined]
    assert not [fd for fd in os.listdir("/proc/self/fd") if _leads_to(fd, tmp_path / "call.tar")]


def _leads_to(descriptor: str, path: Path) -> bool:
    link = Path("/proc/self/fd") / descriptor
    return link.exists() and link.samefile(path)
