"""What must not be kept like that is found: each invariant of kills fails once."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyrage  # type: ignore[import-untyped]
import pytest

from audiohook_fw.audio import encode, wav_bytes
from audiohook_fw.client import Span
from audiohook_fw.protocol import CHANNELS, MediaFormat

from .callers import Life, Said
from .checks import BrokenError, Checks
from .kept import Kept, Losses, directory_kept, verify_kept

MEDIA = MediaFormat("PCMU", CHANNELS)
SESSION = "6f1c3d58-0000-4000-8000-0000000000ab"
KILLED = 100.0
STARTED = 1_800_000_000.0
SPANS = [Span(0, 16_000), Span(20_000, 28_000)]  # 2 s, a pause of half a second, 3.5 s
GAP = {"start": 16_000, "length": 4_000, "cause": "pause"}
LENGTH = 48_000

Sidecar = dict[str, Any]


def audio() -> bytes:
    samples = np.random.default_rng(7).integers(-9000, 9000, (LENGTH, 2)).astype(np.int16)
    samples[16_000:20_000] = 0
    return encode(samples, MEDIA)


@pytest.fixture
def call(tmp_path: Path) -> Said:
    """A call that was cut off by a kill; its last frame was sent right before that."""
    expected = tmp_path / "said"
    expected.write_bytes(audio())
    one = Said(1, Life(1, "", killed=KILLED), SESSION, "conversation", opened=True, opened_at=KILLED - 6.1)
    one.began, one.ended, one.over = STARTED - 1, STARTED + 7, KILLED
    one.spans, one.channels, one.expected = SPANS, CHANNELS, expected
    frames = sum(span.length for span in SPANS) // 1600
    one.marks = [(KILLED - 6 + 0.2 * n + 0.5 * (n > 10), n * 3200) for n in range(1, frames + 1)]
    return one


def sidecar_of(length: int = LENGTH) -> Sidecar:
    name = f"{SESSION}.wav"
    return {
        "session_id": SESSION,
        "started_at": datetime.fromtimestamp(STARTED, UTC).isoformat(),
        "state": "interrupted",
        "audio": {
            "format": "wav",
            "rate": 8000,
            "channels": list(CHANNELS),
            "samples": length,
            "files": [{"name": name, "channels": list(CHANNELS)}],
        },
        "gaps": [GAP],
        "errors": {},
    }


def wav(length: int = LENGTH) -> bytes:
    return wav_bytes(audio()[: 2 * length], MEDIA)


def _reader(content: bytes) -> Callable[[str], bytes]:
    return lambda name: content


def verify(call: Said, *kept: tuple[Sidecar, bytes], key: str | None = None, bound: float = 1.0) -> Losses:
    losses = Losses()
    found = [Kept(f"{n}.json", sidecar, _reader(content)) for n, (sidecar, content) in enumerate(kept)]
    verify_kept(found, [call], key, bound, Checks(), losses)
    return losses


def test_what_is_right_is_right(call: Said) -> None:
    assert verify(call, (sidecar_of(), wav())).seconds == [0.0]
    losses = verify(call, (sidecar_of(44_800), wav(44_800)))  # two frames are lost
    assert losses.seconds == [pytest.approx(KILLED - call.marks[-2][0])]


def complete(sidecar: Sidecar) -> None:
    sidecar["state"] = "complete"
    sidecar["totals"] = {"position": LENGTH, "audio": LENGTH - 4000}


def cut(sidecar: Sidecar) -> None:
    sidecar["audio"] |= {
        "pauses": "cut",
        "samples": LENGTH - 4000,
        "call_samples": LENGTH,
        "map": [
            {"file": 0, "call": 0, "length": 16_000},
            {"file": 16_000, "call": 20_000, "length": 28_000},
        ],
    }


def test_a_complete_one_and_one_with_pauses_cut_out_are_right(call: Said) -> None:
    sidecar = sidecar_of()
    complete(sidecar)
    cut(sidecar)
    content = wav_bytes(audio()[:32_000] + audio()[40_000:], MEDIA)
    digest = hashlib.sha256(content).hexdigest()
    sidecar["audio"]["files"][0] |= {"size": len(content), "sha256": digest}
    call.whole, call.over = True, KILLED - 2
    call.marks = [(at - 2, sent) for at, sent in call.marks]
    assert verify(call, (sidecar, content)).seconds == []


def changed(path: str, value: object) -> Callable[[Sidecar], None]:
    def change(sidecar: Sidecar) -> None:
        *way, last = path.split(".")
        for step in way:
            sidecar = sidecar[step]
        sidecar[last] = value

    return change


def with_sum(sidecar: Sidecar) -> None:
    sidecar["audio"]["files"][0] |= {"size": len(wav()), "sha256": "0" * 64}


def complete_but(**totals: int) -> Callable[[Sidecar], None]:
    def change(sidecar: Sidecar) -> None:
        complete(sidecar)
        sidecar["totals"] |= totals

    return change


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (changed("owner", "0123456789abcdef"), "a recording is final"),
        (changed("leftovers", ["x"]), "a recording is final"),
        (changed("state", "recording"), "a recording is complete or interrupted"),
        (changed("errors", {"finish": 1}), "nothing went wrong with a recording"),
        (changed("audio.samples", LENGTH - 1), "the audio is as long as its sidecar says"),
        (changed("gaps", [GAP | {"length": 40_000}]), "gaps follow each other within the recording"),
        (changed("gaps", [GAP, GAP]), "gaps follow each other within the recording"),
        (changed("gaps", [GAP | {"start": 15_000}]), "there is a gap where nothing was said"),
        (changed("gaps", [GAP | {"cause": "overflow"}]), "a gap is what the client left out"),
        (changed("gaps", []), "a gap that was told of in time is listed"),
        (complete_but(position=LENGTH + 1), "the length is the call's"),
        (complete_but(audio=LENGTH), "audio and gaps are the whole call"),
        (with_sum, "size and checksum are right"),
        (changed("started_at", "2020-01-01T00:00:00+00:00"), "a recording is of a call that there was"),
    ],
)
def test_what_a_sidecar_says_must_be_so(call: Said, change: Any, broken: str) -> None:
    sidecar = deepcopy(sidecar_of())
    change(sidecar)
    with pytest.raises(BrokenError) as raised:
        verify(call, (sidecar, wav()))
    assert raised.value.name == broken


def test_a_sample_that_is_another_is_found(call: Said) -> None:
    content = bytearray(wav())
    content[-70_001] ^= 0x40
    with pytest.raises(BrokenError, match="what is kept is what was said, to the sample"):
        verify(call, (sidecar_of(), bytes(content)))


def test_an_end_that_is_lost_is_found(call: Said) -> None:
    verify(call, (sidecar_of(38_000), wav(38_000)), bound=5.0)
    with pytest.raises(BrokenError, match="all is kept but the end"):
        verify(call, (sidecar_of(38_000), wav(38_000)))


def test_a_gap_need_not_be_listed_when_nothing_was_sent_after_it(call: Said) -> None:
    call.marks = [mark for mark in call.marks if mark[1] <= 32_000]
    sidecar = sidecar_of(16_000)
    sidecar["gaps"] = []
    verify(call, (sidecar, wav(16_000)))


def test_more_than_was_said_is_found(call: Said) -> None:
    with pytest.raises(BrokenError, match="no more is kept than was said"):
        verify(call, (sidecar_of(LENGTH + 1), wav_bytes(audio() + b"xx", MEDIA)))


def test_a_call_that_had_ended_must_be_complete_and_whole(call: Said) -> None:
    call.whole, call.over = True, KILLED - 1.5
    with pytest.raises(BrokenError, match="a call that had ended is complete"):
        verify(call, (sidecar_of(), wav()))
    short = sidecar_of(LENGTH - 8)
    complete(short)
    short["totals"] = {"position": LENGTH - 8, "audio": LENGTH - 4008}
    with pytest.raises(BrokenError, match="a call that had ended is kept whole"):
        verify(call, (short, wav(LENGTH - 8)))


def test_each_call_has_one_recording(call: Said) -> None:
    with pytest.raises(BrokenError, match="every call that was opened has its recording"):
        verify(call)
    with pytest.raises(BrokenError, match="a recording is kept once"):
        verify(call, (sidecar_of(), wav()), (sidecar_of(), wav()))
    call.opened_at = KILLED - 0.25
    assert verify(call).unbegun == [0.25]


def test_a_call_whose_client_was_not_told_may_have_an_empty_recording(call: Said) -> None:
    call.opened, call.opened_at = False, float("inf")
    call.spans, call.marks, call.channels, call.expected = [], [], (), None
    empty = sidecar_of(0)
    empty["gaps"] = []
    verify(call)
    verify(call, (empty, wav(0)))
    with pytest.raises(BrokenError, match="no more is kept than was said"):
        verify(call, (sidecar_of() | {"gaps": []}, wav()))
    empty["owner"] = "0123456789abcdef"
    with pytest.raises(BrokenError, match="a recording is final"):
        verify(call, (empty, wav(0)))


def encrypted(recipient: Any, *, shift: int = 0) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for span in SPANS:
            content = pyrage.encrypt(wav_bytes(audio()[2 * span.position : 2 * span.end], MEDIA), [recipient])
            member = tarfile.TarInfo(f"{span.position + shift:012}-{span.end:012}.wav.age")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def test_encrypted_ones_are_opened(call: Said) -> None:
    identity = pyrage.x25519.Identity.generate()
    sidecar = sidecar_of()
    sidecar["audio"]["format"] = "age"
    archive = encrypted(identity.to_public())
    assert verify(call, (sidecar, archive), key=str(identity)).seconds == [0.0]
    with pytest.raises(BrokenError, match="a segment is in its place"):
        verify(call, (sidecar, encrypted(identity.to_public(), shift=1)), key=str(identity))
    with pytest.raises(pyrage.DecryptError):
        verify(call, (sidecar, archive), key=str(pyrage.x25519.Identity.generate()))


def test_a_directory_holds_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".turn").touch()
    assert directory_kept(tmp_path, Checks(), uploaded=True) == []
    sidecar = sidecar_of()
    (tmp_path / f"{SESSION}.json").write_text(json.dumps(sidecar))
    with pytest.raises(BrokenError, match="nothing is left here of what is in the store"):
        directory_kept(tmp_path, Checks(), uploaded=True)
    with pytest.raises(BrokenError, match="there is nothing but recordings"):
        directory_kept(tmp_path, Checks(), uploaded=False)
    (tmp_path / f"{SESSION}.wav").write_bytes(wav())
    (kept,) = directory_kept(tmp_path, Checks(), uploaded=False)
    assert kept.read(f"{SESSION}.wav") == wav()
    (tmp_path / f"{SESSION}.flac.tmp").touch()
    with pytest.raises(BrokenError, match="there is nothing but recordings"):
        directory_kept(tmp_path, Checks(), uploaded=False)
