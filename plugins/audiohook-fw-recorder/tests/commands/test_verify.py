"""What is wrong with recordings is found, and what is right is not found wrong."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder.commands import verifying
from audiohook_fw_recorder.ledger import Ledger, Removed, digest_of

from audiohook_fw import MediaFormat
from audiohook_fw.audio import tone

GAPS = [(100, 400, "pause"), (1000, 1, "discarded"), (15_000, 1000, "disk")]


@pytest.mark.parametrize("encoding", ["PCMU", "L16"])
@pytest.mark.parametrize("seconds", [0, 0.0125, 2, 30])
def test_what_is_whole_is_found_so(archive: Any, encoding: str, seconds: float) -> None:
    path = archive.add("a", seconds=seconds, encoding=encoding, gaps=GAPS if seconds >= 2 else [])
    wav = path.with_suffix(".wav").read_bytes()
    known = {"size": len(wav), "sha256": hashlib.sha256(wav).hexdigest()}
    archive.change(path, lambda content: content["audio"]["files"][0].update(known))
    result = archive.run("verify")
    assert (result.exit_code, result.stdout) == (0, "1 recording: 1 whole, 0 not\n")
    assert archive.json("verify")[0]["verdict"] == "ok"


def test_what_the_server_lost_and_says_so_is_told(archive: Any) -> None:
    archive.add("a", seconds=30, gaps=[(100, 400, "pause"), (8_000, 4_000, "overflow")])
    archive.add("b", seconds=2)
    result = archive.run("verify")
    expected = "2 recordings: 2 whole, 0 not; 1 without 0.5 s that the server lost; 2 without a checksum\n"
    assert (result.exit_code, result.stdout) == (0, expected)
    assert [item["lost"] for item in archive.json("verify")] == [0.5, 0.0]


def test_what_was_redacted_and_can_be_heard_is_told(archive: Any) -> None:
    entries = [
        {"channel": "external", "kind": "card", "start": 4000, "length": 800, "audible": True},
        {"channel": "internal", "kind": "card", "start": 8000, "length": 400, "audible": True},
    ]
    archive.add("a", redactions=entries)
    archive.add("b")
    result = archive.run("verify")
    assert (result.exit_code, result.stdout.splitlines()) == (
        0,
        [
            "a.json: 0.1 s that were redacted can be heard: they were told too late (--json tells where)",
            "2 recordings: 2 whole, 0 not; 1 with 0.1 s that were redacted and can be heard; "
            "2 without a checksum",
        ],
    )
    item = next(item for item in archive.json("verify") if item["name"] == "a")
    assert (item["verdict"], item["audible"]) == ("ok", 0.15)
    assert item["notes"][1:] == [
        "something was redacted at 4000 on external, and can be heard (card)",
        "something was redacted at 8000 on internal, and can be heard (card)",
    ]


@pytest.mark.parametrize("key", [False, True])
def test_what_was_redacted_is_silent_on_its_channel(archive: Any, encrypted: Any, key: bool) -> None:
    entries = [
        {"channel": "internal", "kind": "card", "start": 4000, "length": 800},
        {"channel": "internal", "kind": "phone", "start": 4100, "length": 800},
    ]
    path = archive.add("a", redactions=entries)
    options = ["--identity", encrypted(path)] if key else []
    (item,) = archive.json("verify", *options, status=1)
    assert item["problems"] == ["there is sound at 4000, in a gap (redacted, internal)"]
    if key:  # as far as that is seen without it
        assert archive.json("verify")[0]["verdict"] == "unread"


def test_silence_where_something_was_redacted_is_well(archive: Any) -> None:
    entry = {"channel": "internal", "kind": "card", "start": 4000, "length": 800}
    path = archive.add("a", redactions=[entry])
    wav = path.with_suffix(".wav")
    content = bytearray(wav.read_bytes())
    begin = content.index(b"data") + 8
    content[begin + 8001 : begin + 9600 : 2] = b"\xff" * 800
    wav.write_bytes(content)
    assert archive.run("verify").exit_code == 0
    content[begin + 9599] = 0x00  # the last of it
    wav.write_bytes(content)
    (item,) = archive.json("verify", status=1)
    assert item["problems"] == ["there is sound at 4799, in a gap (redacted, internal)"]


def truncated(path: Path, content: dict[str, Any]) -> None:
    os.truncate(path.with_suffix(".wav"), 20_000)


def missing(path: Path, content: dict[str, Any]) -> None:
    path.with_suffix(".wav").unlink()


def linked(path: Path, content: dict[str, Any]) -> None:
    path.with_suffix(".wav").rename(path.parent.parent / "elsewhere.wav")
    path.with_suffix(".wav").symlink_to(path.parent.parent / "elsewhere.wav")


def piped(path: Path, content: dict[str, Any]) -> None:
    path.with_suffix(".wav").unlink()
    os.mkfifo(path.with_suffix(".wav"))


def overwritten(path: Path, content: dict[str, Any]) -> None:
    path.with_suffix(".wav").write_bytes(b"this was a WAV" * 1000)


def emptied(path: Path, content: dict[str, Any]) -> None:
    path.with_suffix(".wav").write_bytes(b"")


def one_bit(path: Path, content: dict[str, Any]) -> None:
    wav = bytearray(path.with_suffix(".wav").read_bytes())
    content["audio"]["files"][0]["sha256"] = hashlib.sha256(wav).hexdigest()
    wav[5000] ^= 1
    path.with_suffix(".wav").write_bytes(wav)


def grown(path: Path, content: dict[str, Any]) -> None:
    content["audio"]["files"][0]["size"] = path.with_suffix(".wav").stat().st_size - 1


def sound_in_a_gap(path: Path, content: dict[str, Any]) -> None:
    content["gaps"] = [{"start": 1000, "length": 9, "cause": "pause"}]


def other_length(path: Path, content: dict[str, Any]) -> None:
    content["audio"]["samples"] += 1


def less_said(path: Path, content: dict[str, Any]) -> None:
    content["audio"]["samples"] -= 1


def other_channels(path: Path, content: dict[str, Any]) -> None:
    content["audio"]["files"][0]["channels"] = ["internal"]


def twice(path: Path, content: dict[str, Any]) -> None:
    name = path.with_suffix(".wav").name
    content["audio"]["files"] = [{"name": name, "channels": [c]} for c in ("external", "internal")]


def other_rate(path: Path, content: dict[str, Any]) -> None:
    content["audio"]["rate"] = 16_000


def gaps_overlap(path: Path, content: dict[str, Any]) -> None:
    content["gaps"] = [
        {"start": 1, "length": 9, "cause": "pause"},
        {"start": 9, "length": 9, "cause": "pause"},
    ]


def redacted_elsewhere(path: Path, content: dict[str, Any]) -> None:
    content["redactions"] = [{"channel": "third", "kind": "card", "start": 5, "length": 9}]


def no_map(path: Path, content: dict[str, Any]) -> None:
    content["audio"]["pauses"] = "cut"


def left(path: Path, content: dict[str, Any]) -> None:
    content["owner"] = "0123456789abcdef"


def unended(path: Path, content: dict[str, Any]) -> None:
    content["state"] = "recording"


def strange(path: Path, content: dict[str, Any]) -> None:
    content["audio"]["format"] = "mp3"


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (truncated, "a.wav: its end is missing, or its header was not completed"),
        (missing, "a.wav: this file is missing"),
        (linked, "a.wav: this is a link, and links are not followed"),
        (piped, "a.wav: this is no regular file"),
        (overwritten, "a.wav: this is not a WAV file"),
        (emptied, "a.wav: this is not a WAV file"),
        (one_bit, "a.wav: its content has changed: its SHA-256 is another one"),
        (grown, "a.wav: it has 32058 bytes, and had 32057"),
        (sound_in_a_gap, "there is sound at 1000, in a gap (pause)"),
        (redacted_elsewhere, "something was redacted at 5 on a channel that it does not have"),
        (less_said, "its audio has 16000 samples, where the sidecar speaks of 15999"),
        (other_length, "a.wav: it holds 16000 samples, where the sidecar speaks of 16001"),
        (other_channels, "its files hold the channels internal instead of external, internal"),
        (twice, "it names a file twice"),
        (other_rate, "a.wav: it has 2 channels at 8000 Hz, where the sidecar speaks of 2 at 16000 Hz"),
        (gaps_overlap, "gaps overlap, or are out of order, at 9"),
        (no_map, "a.json: audio: there must be a map when pauses are cut, and only then"),
        (left, "its server is gone and had not finished it; a server that starts does"),
        (unended, "its server is gone and had not finished it; a server that starts does"),
        (strange, "a.wav: files of the format 'mp3' are not read"),
    ],
)
def test_what_is_wrong_is_said(
    archive: Any, harm: Callable[[Path, dict[str, Any]], None], problem: str
) -> None:
    path = archive.add("a")
    archive.change(path, lambda content: harm(path, content))
    archive.add("b")
    first, second = archive.json("verify", status=1)
    assert first["verdict"] == "bad"
    assert first["problems"][0].startswith(problem)
    assert len(first["problems"]) == 1
    assert second["verdict"] == "ok"
    result = archive.run("verify")
    assert result.stdout.splitlines()[0].startswith(problem if problem[0:2] == "a." else f"a.json: {problem}")
    unhashed = 1 if harm in (one_bit, no_map) else 2  # that has a checksum; nobody can tell of a damaged one
    total = f"2 recordings: 1 whole, 1 not; {unhashed} without a checksum"
    assert result.stdout.splitlines()[-1] == total


def test_a_cut_map_is_followed(archive: Any) -> None:
    path = archive.add("a", gaps=[])
    pieces = [{"file": 0, "call": 0, "length": 6000}, {"file": 6000, "call": 7000, "length": 10_000}]

    def cut(content: dict[str, Any]) -> None:
        content["audio"] |= {"pauses": "cut", "map": pieces, "call_samples": 17_000}
        content["gaps"] = [{"start": 6000, "length": 1000, "cause": "pause"}]

    archive.change(path, cut)
    assert archive.json("verify")[0]["verdict"] == "ok"
    archive.change(path, lambda content: content["gaps"][0].update(length=1001))
    assert archive.json("verify", status=1)[0]["problems"] == ["there is sound at 7000, in a gap (pause)"]


def test_a_recording_in_use_is_let_alone(archive: Any) -> None:
    owner = archive.owner()
    path = archive.add("a", owner=owner.token, state="recording")
    path.with_suffix(".wav").unlink()
    result = archive.run("verify")
    assert (result.exit_code, result.stdout) == (0, "0 recordings: 0 whole, 0 not; 1 in use and left out\n")
    owner.release()
    assert archive.run("verify").exit_code == 1


def test_a_recording_that_changed_meanwhile_is_looked_at_again(
    archive: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive.add("a")
    archive.change(path, lambda content: content["audio"].update(samples=1))
    before = verifying.check_sidecar

    def finished_meanwhile(document: Any) -> Any:
        archive.change(path, lambda content: content["audio"].update(samples=16_000))
        return before(document)

    monkeypatch.setattr(verifying, "check_sidecar", finished_meanwhile)
    assert archive.json("verify")[0]["verdict"] == "ok"

    def erased_meanwhile(document: Any) -> Any:
        path.unlink()
        path.with_suffix(".wav").unlink()
        return before(document)

    monkeypatch.setattr(verifying, "check_sidecar", erased_meanwhile)
    assert archive.json("verify") == []


def test_other_files_are_no_fault(archive: Any) -> None:
    archive.add("a")
    (archive.directory / "notes.txt").write_text("x")
    (archive.directory / "lost.wav").write_text("x")
    (archive.directory / ".hidden").write_text("x")
    (archive.directory / "a.json.tmp").write_text("x")
    (archive.directory / "other.json").write_text(json.dumps({"format": "other/1"}))
    result = archive.run("verify")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "other.json: this is no sidecar of a recording: its format is not audiohook-recording/1",
        "lost.wav: no sidecar speaks of this file",
        "notes.txt: no sidecar speaks of this file",
        "1 recording: 1 whole, 0 not; 1 without a checksum; 3 other files",
    ]
    named = archive.run("verify", archive.directory / "other.json")
    assert named.exit_code == 1  # it was said to be a recording


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_sidecar_that_is_cut_off_is_damaged(archive: Any, share: float) -> None:
    path = archive.add("a")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    (item,) = archive.json("verify", status=1)
    assert item["problems"] == ["a.json: this is no JSON: it is damaged, or cut off"]


async def test_what_the_recorder_wrote_is_whole(
    archive: Any, recordings: Any, manager: Any, new_call: Any
) -> None:
    call = new_call(manager, MediaFormat("PCMU", ("external", "internal")))
    await call.open()
    for _ in range(4):
        call.audio(bytes(range(200)) * 16)
    call.pause(1.5, by_server=True)
    call.audio(tone(440, 0.2).tobytes()[:3200])
    call.discard(0.5)
    await call.close()
    recordings.sidecar()
    archive.directory = recordings.directory
    (item,) = archive.json("verify")
    assert item["verdict"] == "ok", item
    assert archive.json("list")[0]["seconds"] == pytest.approx(1.2 + 1.5 + 0.2 + 0.5 - 0.2, abs=0.5)
    assert "░" in archive.run("info").stdout


def test_the_ledger_of_what_was_deleted_is_checked(archive: Any) -> None:
    with Ledger(archive.directory) as ledger:
        for number in range(3):
            ledger.append("erase", [digest_of(str(number))], Removed(files=2))
        last = ledger.last
    lines = [f"ledger.jsonl: 3 lines, the last one is {last}", "0 recordings: 0 whole, 0 not"]
    assert archive.run("verify").stdout.splitlines() == lines
    (item,) = archive.json("verify")
    assert (item["verdict"], item["lines"], item["last"]) == ("ok", 3, last)

    path = archive.directory / "ledger.jsonl"
    path.write_text(path.read_text().replace('"files": 2', '"files": 3', 1))
    result = archive.run("verify")
    assert result.exit_code == 1
    assert result.stdout.startswith("ledger.jsonl: line 2: the line before it is not the one that was there")
    assert archive.json("verify", status=1)[0]["verdict"] == "bad"

    path.unlink()
    os.mkfifo(path)
    assert archive.json("verify", status=1)[0]["problems"] == ["ledger.jsonl: this is no regular file"]
