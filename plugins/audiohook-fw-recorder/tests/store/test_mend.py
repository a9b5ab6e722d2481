"""Recordings whose server was killed at any moment: all that was written counts, and opens."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.mend import MendError, mend
from audiohook_fw_recorder.owner import Owner

from audiohook_fw.audio import read_wav

STEREO, MONO = ("external", "internal"), ("internal",)


def mended(recorded: Any, stem: str) -> tuple[Document, Any]:
    path: Path = recorded.directory / f"{stem}.json"
    document = mend(recorded.directory, Document.read(path))
    wav = read_wav(path.with_suffix(".wav"))
    assert not wav.truncated
    assert (document.state, document.audio.samples) == ("interrupted", len(wav.samples))
    assert document.ended_at is not None
    assert (document.ended_at - document.started_at).total_seconds() == pytest.approx(wav.duration, abs=1e-6)
    return document, wav


@pytest.mark.parametrize("encoding", ["PCMU", "L16"])
@pytest.mark.parametrize("channels", [STEREO, MONO])
@pytest.mark.parametrize("tail", [0, 1, 2, 3, 1600])
def test_audio_counts_that_the_header_does_not_know_of(
    recorded: Any, dead: Owner, encoding: Any, channels: Any, tail: int
) -> None:
    stem = recorded(dead, state="recording", encoding=encoding, channels=channels)
    path = recorded.directory / f"{stem}.wav"
    before = read_wav(path).payload
    more = b"\x55" * tail
    with path.open("ab") as file:
        file.write(more)
    _, wav = mended(recorded, stem)
    width = len(channels) * (1 if encoding == "PCMU" else 2)
    whole = (len(before) + tail) // width * width
    assert wav.payload == (before + more)[:whole]
    assert mended(recorded, stem)[1].payload == wav.payload


def test_a_gap_ends_where_the_audio_does(recorded: Any, dead: Owner) -> None:
    stem = recorded(dead, state="recording")  # of 8,000 samples; the frame after the gap was never written
    path = recorded.directory / f"{stem}.json"
    sidecar = json.loads(path.read_text())
    gaps = [(1000, 500), (7000, 2000), (8000, 400), (9000, 10)]
    sidecar["gaps"] = [{"start": start, "length": length, "cause": "pause"} for start, length in gaps]
    path.write_text(json.dumps(sidecar))
    document, _ = mended(recorded, stem)
    assert [(gap.start, gap.length, gap.cause) for gap in document.gaps] == [
        (1000, 500, "pause"),
        (7000, 1000, "pause"),
    ]


def test_what_was_redacted_ends_there_too(recorded: Any, dead: Owner) -> None:
    stem = recorded(dead, state="recording")
    path = recorded.directory / f"{stem}.json"
    assert "redactions" not in mended(recorded, stem)[0].text()
    sidecar = json.loads(path.read_text())
    told = [(100, 50, False), (7000, 2000, True), (8000, 400, False)]
    sidecar["redactions"] = [
        {"channel": "external", "kind": "card", "start": start, "length": length, "audible": audible}
        for start, length, audible in told
    ]
    path.write_text(json.dumps(sidecar))
    document, _ = mended(recorded, stem)
    assert [(entry.start, entry.length, entry.audible) for entry in document.redactions] == [
        (100, 50, False),
        (7000, 1000, True),
    ]


def test_the_byte_that_pads_an_odd_chunk_is_no_audio(recorded: Any, dead: Owner) -> None:
    stem = recorded(dead, state="recording", channels=MONO, seconds=0.12515)
    path = recorded.directory / f"{stem}.wav"
    payload = read_wav(path).payload
    assert len(payload) % 2 == 1
    assert mended(recorded, stem)[1].payload == payload
    with path.open("r+b") as file:  # killed between the audio and its header
        file.seek(54)
        file.write(struct.pack("<I", 0))
    assert mended(recorded, stem)[1].payload == payload
    assert path.stat().st_size == 58 + len(payload) + 1


def test_a_header_that_claims_too_much_is_corrected(recorded: Any, dead: Owner) -> None:
    stem = recorded(dead, state="recording")
    path = recorded.directory / f"{stem}.wav"
    payload = read_wav(path).payload
    with path.open("r+b") as file:  # a power loss took the end
        file.truncate(path.stat().st_size - 1001)
    assert mended(recorded, stem)[1].payload == payload[:-1002]


@pytest.mark.parametrize("how", ["missing", "empty"])
def test_a_recording_without_audio_becomes_an_empty_one(recorded: Any, dead: Owner, how: str) -> None:
    stem = recorded(dead, state="recording")
    path = recorded.directory / f"{stem}.wav"
    path.unlink() if how == "missing" else path.write_bytes(b"")
    document, _ = mended(recorded, stem)
    assert document.audio.samples == 0
    assert document.ended_at == document.started_at


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"some text that is longer than a header would be", "not a WAV file"),
        (b"RIFF\0\0\0\0WAVE", "damaged"),
    ],
)
def test_what_is_no_wav_is_left_alone(recorded: Any, dead: Owner, content: bytes, problem: str) -> None:
    stem = recorded(dead, state="recording")
    path = recorded.directory / f"{stem}.wav"
    path.write_bytes(content)
    with pytest.raises(MendError, match=f"{stem}.wav: .*{problem}"):
        mend(recorded.directory, Document.read(path.with_suffix(".json")))
    assert path.read_bytes() == content


def test_other_formats_are_not_mended_here(recorded: Any, dead: Owner) -> None:
    stem = recorded(dead, state="recording")
    document = Document.read(recorded.directory / f"{stem}.json")
    audio = document.audio.model_copy(update={"format": "flac"})
    with pytest.raises(MendError, match="flac cannot be mended"):
        mend(recorded.directory, document.model_copy(update={"audio": audio}))
