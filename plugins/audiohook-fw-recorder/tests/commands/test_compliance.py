"""Audio in a secure pause is found, in whatever files a recording has; and that there is none is proved."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyrage
import pytest
from audiohook_fw_recorder import RecorderSettings
from audiohook_fw_recorder.age import Recipients
from audiohook_fw_recorder.age_spool import AgeSpool
from audiohook_fw_recorder.commands import make_app, proving
from typer.testing import CliRunner

from audiohook_fw import Commands, MediaFormat
from audiohook_fw.audio import read_wav

PAUSE = (40_000, 48_000)
"""Start and length; longer than an encrypted segment, so that it is not stored."""
LOUD = PAUSE[0] + 12_345


def tell(content: dict[str, Any]) -> None:
    """Say in a sidecar that there was such a pause, and what came in it."""
    start, length = PAUSE
    content["events"] = [
        {"type": "pause", "position": start, "origin": "client"},
        {"type": "resume", "position": start + length},
    ]
    content["totals"] = {"withheld": {"audio": 3, "dtmf": 16}}


@pytest.fixture(params=["silent", "loud"])
def wanted(request: pytest.FixtureRequest) -> str:
    """Return what is in the pause."""
    return str(request.param)


@pytest.fixture
def paused(archive: Any, wanted: str) -> Path:
    """Make a recording with a pause, in which one sample is not silent if that is wanted."""
    path: Path = archive.add("a", seconds=14, gaps=[(*PAUSE, "pause")])
    archive.change(path, tell)
    if wanted == "loud":
        wav = bytearray(path.with_suffix(".wav").read_bytes())
        wav[len(wav) - 14 * 16_000 + 2 * LOUD + 1] = 0x7A
        path.with_suffix(".wav").write_bytes(wav)
    return path


def check(archive: Any, wanted: str, *arguments: object, proof: str = "silent", at: int = LOUD) -> None:
    """Check what is found of the one pause."""
    (item,) = archive.json("compliance", *arguments, status=int(wanted == "loud"))
    [entry] = item["pauses"]
    expected = (
        {"finding": "audio_found", "proof": None, "found_at": pytest.approx(at / 8000, abs=0.001)}
        if wanted == "loud"
        else {"finding": "no_audio", "proof": proof, "found_at": None}
    )
    assert entry == {
        "start": 5.0,
        "length": 6.0,
        "at": "2026-01-02T03:04:10.000+00:00",
        "origin": "client",
        "open": False,
        "clamped": False,
        **expected,
    }
    assert item["withheld"] == {"audio": 3, "dtmf": 16}
    assert item["problem"] is None


def test_each_sample_of_a_pause_is_looked_at(archive: Any, paused: Path, wanted: str) -> None:
    check(archive, wanted)


@pytest.mark.parametrize("options", [["--per-channel"], ["--format", "flac"], ["--format", "pcm16"]])
def test_other_files_of_a_recording(
    archive: Any, paused: Path, wanted: str, options: list[str], tmp_path: Path
) -> None:
    assert archive.run("export", "--into", tmp_path / "out", *options).exit_code == 0
    check(archive, wanted, tmp_path / "out")


def test_a_lossy_format_is_judged_by_its_level(
    archive: Any, paused: Path, wanted: str, tmp_path: Path
) -> None:
    if wanted == "loud":  # one sample is not to be heard in it
        wav = bytearray(paused.with_suffix(".wav").read_bytes())
        begin = len(wav) - 14 * 16_000 + 2 * LOUD
        wav[begin : begin + 4000] = bytes(range(200)) * 20
        paused.with_suffix(".wav").write_bytes(wav)
    assert archive.run("export", "--into", tmp_path / "out", "--format", "opus").exit_code == 0
    (item,) = archive.json("compliance", tmp_path / "out", status=int(wanted == "loud"))
    [entry] = item["pauses"]
    assert entry["finding"] == ("audio_found" if wanted == "loud" else "no_audio")
    if wanted == "loud":
        assert entry["found_at"] == pytest.approx(LOUD / 8000, abs=0.1)


def test_a_short_pause_in_a_lossy_format_cannot_be_judged(archive: Any, tmp_path: Path) -> None:
    path = archive.add("a", seconds=2, gaps=[(8000, 1000, "pause")])
    assert archive.run("export", "--into", tmp_path / "out", "--format", "opus").exit_code == 0
    (item,) = archive.json("compliance", tmp_path / "out", status=1)
    assert [entry["finding"] for entry in item["pauses"]] == ["unreadable"]
    assert archive.json("compliance", path)[0]["pauses"][0]["finding"] == "no_audio"


def test_what_was_cut_out_is_not_in_the_files(archive: Any) -> None:
    path = archive.add("a", seconds=4)
    pieces = [{"file": 0, "call": 0, "length": 20_000}, {"file": 20_000, "call": 24_000, "length": 12_000}]

    def cut(content: dict[str, Any]) -> None:
        content["audio"] |= {"pauses": "cut", "map": pieces, "call_samples": 36_000}
        content["events"] = [{"type": "pause", "position": 20_000, "origin": "unknown"}]
        content["events"] += [{"type": "resume", "position": 24_000}]

    archive.change(path, cut)
    (item,) = archive.json("compliance")
    assert [(entry["finding"], entry["proof"]) for entry in item["pauses"]] == [("no_audio", "absent")]
    archive.change(path, lambda content: content["events"][1].update(position=24_001))  # less was cut out
    (item,) = archive.json("compliance", status=1)
    assert [(e["finding"], e["found_at"]) for e in item["pauses"]] == [("audio_found", 3.0)]


# encrypted --------------------------------------------------------------------------------------------


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Make a file with a key."""
    path = tmp_path / "key.txt"
    path.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    return path


def encrypt(archive: Any, path: Path, key: Path, *, whole: bool) -> None:
    """Encrypt a recording; the pause is in its segments only if `whole`."""
    wav = read_wav(path.with_suffix(".wav"))
    public = str(pyrage.x25519.Identity.from_str(key.read_text().strip()).to_public())
    spool = AgeSpool(
        MediaFormat("PCMU", ("external", "internal"), 8000), Recipients([public]), byte_order="little"
    )
    spool.begin(path.with_suffix(".tar"))
    start, length = PAUSE
    payload = wav.payload
    spool.write([payload] if whole else [payload[: 2 * start], length, payload[2 * (start + length) :]])
    spool.close()
    path.with_suffix(".wav").unlink()

    def describe(content: dict[str, Any]) -> None:
        content["audio"] |= {"format": "age", "recipients": [public]}
        content["audio"]["files"][0]["name"] = path.with_suffix(".tar").name

    archive.change(path, describe)


def test_encrypted_audio_is_read_with_a_key(archive: Any, paused: Path, wanted: str, key: Path) -> None:
    encrypt(archive, paused, key, whole=True)
    check(archive, wanted, "--identity", key)
    (item,) = archive.json("compliance")
    assert [(entry["finding"], entry["proof"]) for entry in item["pauses"]] == [("encrypted", None)]
    result = archive.run("compliance")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (
        0,
        "1 recording: 1 with pauses of the client's, 1 pause, 6.0 s; 0 no audio, 0 AUDIO FOUND, "
        "1 not checked: encrypted; --identity FILE reads encrypted audio",
    )
    other = key.with_name("other.txt")
    other.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    (item,) = archive.json("compliance", "--identity", other)
    assert item["pauses"][0]["finding"] == "encrypted"


@pytest.mark.parametrize("wanted", ["silent"], indirect=True)
def test_the_list_of_segments_proves_it_without_a_key(archive: Any, paused: Path, key: Path) -> None:
    encrypt(archive, paused, key, whole=False)
    check(archive, "silent", proof="segments")
    check(archive, "silent", "--identity", key)


# what cannot be checked ---------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", ["silent"], indirect=True)
def test_audio_that_is_elsewhere_is_not_here(archive: Any, paused: Path) -> None:
    paused.with_suffix(".wav").unlink()
    (item,) = archive.json("compliance")
    assert [entry["finding"] for entry in item["pauses"]] == ["not_here"]
    assert item["problem"] == "a.wav: this file is missing"
    assert archive.run("compliance").stdout.splitlines()[-1].endswith("0 no audio, 0 AUDIO FOUND, 1 not here")


@pytest.mark.parametrize("wanted", ["silent"], indirect=True)
def test_damaged_audio_proves_nothing(archive: Any, paused: Path) -> None:
    os.truncate(paused.with_suffix(".wav"), 100_000)
    (item,) = archive.json("compliance", status=1)
    assert [entry["finding"] for entry in item["pauses"]] == ["unreadable"]
    assert "where the sidecar speaks of 112000" in item["problem"]


def test_damaged_sidecars_are_told_and_the_rest_is_checked(archive: Any) -> None:
    first = archive.add("a", seconds=2)
    first.write_bytes(first.read_bytes()[:100])
    second = archive.add("b", seconds=2)
    archive.change(second, lambda content: content.update(events=[{"type": "pause", "position": "x"}]))
    archive.add("c", seconds=2, gaps=[(100, 400, "pause")])
    (archive.directory / "other.json").write_text(json.dumps({"format": "other/1"}))
    result = archive.run("compliance")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "a.json: this is no JSON: it is damaged, or cut off"
    assert "b.json: a pause in it has no position that can be, so its pauses are not known" in result.stdout
    assert lines[-1] == (
        "3 recordings: 1 with pauses of the client's, 1 pause, 0.1 s; 1 no audio, 0 AUDIO FOUND; 2 damaged"
    )
    assert [item["recording"] for item in archive.json("compliance", status=1)] == ["a", "b", "c"]


def test_a_recording_in_use_is_left_out(archive: Any) -> None:
    owner = archive.owner()
    archive.add("a", owner=owner.token, state="recording", gaps=[(100, 400, "pause")])
    result = archive.run("compliance")
    owner.release()
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].endswith("; 1 in use and left out")


@pytest.mark.parametrize("wanted", ["silent"], indirect=True)
def test_a_recording_that_changed_meanwhile_is_looked_at_again(
    archive: Any, paused: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.change(paused, lambda content: content["audio"].update(samples=1))
    before = proving.secure_pauses

    def finished_meanwhile(document: Any) -> Any:
        archive.change(paused, lambda content: content["audio"].update(samples=112_000))
        return before(document)

    archive.change(paused, lambda content: content["audio"]["files"][0].update(sha256="0" * 64))
    monkeypatch.setattr(proving, "secure_pauses", finished_meanwhile)
    check(archive, "silent")

    def erased_meanwhile(document: Any) -> Any:
        paused.unlink()
        paused.with_suffix(".wav").unlink()
        return before(document)

    monkeypatch.setattr(proving, "secure_pauses", erased_meanwhile)
    assert archive.json("compliance") == []


# what is printed ------------------------------------------------------------------------------------------


def test_the_report_as_people_read_it(archive: Any, paused: Path, wanted: str) -> None:
    archive.add("b")
    result = archive.run("compliance")
    loud = wanted == "loud"
    found = "AUDIO FOUND at 0:06.5" if loud else "no audio (all samples are silent)"
    assert result.exit_code == int(loud)
    assert result.stdout.splitlines() == [
        "a  conversation c0000000-0000-4000-8000-000000000001  2026-01-02 03:04:05 UTC",
        f"     0:05.0       6.0 s  2026-01-02 03:04:10 UTC  client   {found}",
        "  came in pauses and was dropped: 3 frames, 16 keys",
        "2 recordings: 1 with pauses of the client's, 1 pause, 6.0 s; "
        + ("0 no audio, 1 AUDIO FOUND" if loud else "1 no audio, 0 AUDIO FOUND"),
    ]


def test_remarks(archive: Any) -> None:
    path = archive.add("a", seconds=2)

    def change(content: dict[str, Any]) -> None:
        content["events"] = [{"type": "pause", "position": 16_000, "origin": "client"}]
        content["gaps"] = [{"start": 15_990, "length": 10, "cause": "pause", "clamped": True}]
        content["left_out"] = {"events": 2, "gaps": 1}

    archive.change(path, change)
    wav = bytearray(path.with_suffix(".wav").read_bytes())
    wav[-20:] = b"\xff" * 20
    path.with_suffix(".wav").write_bytes(wav)
    lines = archive.run("compliance").stdout.splitlines()
    assert lines[1].endswith(
        "no audio (all samples are silent); the client claimed a longer one than can be; "
        "a gap alone tells of it"
    )
    assert lines[2].endswith(
        "no audio (no call time); the call ended in it; the client claimed a longer one than can be"
    )
    assert lines[3] == "  3 events and gaps not listed in its sidecar"
    assert archive.json("compliance")[0]["left_out"] == 3
    assert archive.json("compliance")[0]["withheld"] is None


def test_csv_has_a_line_for_each_pause(archive: Any, paused: Path, wanted: str) -> None:
    damaged = archive.add("b")
    damaged.write_text("{")
    archive.change(paused, lambda content: content.update(conversation_id="=SUM(A1)"))
    result = archive.run("compliance", "--csv")
    assert result.exit_code == 1
    first, second = csv.DictReader(io.StringIO(result.stdout))
    assert (first["recording"], first["pause"], first["start"], first["length"]) == ("a", "1", "5.0", "6.0")
    assert first["finding"] == ("audio_found" if wanted == "loud" else "no_audio")
    assert first["conversation_id"] == "'=SUM(A1)"
    assert (first["withheld_audio"], first["withheld_dtmf"], first["problem"]) == ("3", "16", "")
    assert (second["recording"], second["pause"], second["finding"]) == ("b", "", "")
    assert second["problem"] == "b.json: this is no JSON: it is damaged, or cut off"
    assert result.stderr.startswith("2 recordings: 1 with pauses")


def test_only_calls_of_a_time(archive: Any) -> None:
    for day in range(1, 5):
        started = f"2026-01-0{day}T12:00:00+00:00"
        archive.add(f"a{day}", seconds=1, gaps=[(100, 400, "pause")], started_at=started)
    found = archive.json("compliance", "--since", "2026-01-02", "--until", "2026-01-03")
    assert [item["recording"] for item in found] == ["a2", "a3"]
    found = archive.json("compliance", "--since", "2026-01-02T13:00", "--until", "2026-01-04T11:59+00:00")
    assert [item["recording"] for item in found] == ["a3"]
    assert archive.run("compliance", "--since", "2026-01-05").stdout.startswith("0 recordings: 0 with")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--json", "--csv"], "--json and --csv exclude each other"),
        (["--since", "yesterday"], "--since: 'yesterday' is no time; write a day as 2026-01-31"),
        (["--until", "2026-02-30"], "--until: '2026-02-30' is no time"),
        (["--since", "2026-01-02", "--until", "2026-01-01"], "--since: 2026-01-02 is not before the end"),
    ],
)
def test_wrong_arguments(archive: Any, arguments: list[str], problem: str) -> None:
    result = archive.run("compliance", *arguments)
    assert result.exit_code == 2
    assert problem.split()[0] in result.stderr
    plain = " ".join(result.stderr.replace("│", " ").split())
    assert problem in plain


def test_what_is_nowhere(archive: Any) -> None:
    result = archive.run("compliance", "nobody")
    assert result.exit_code != 0
    assert "there is no recording of nobody" in str(result.exception)


# in a store --------------------------------------------------------------------------------------------


def test_a_recording_in_a_store_is_fetched(archive: Any, paused: Path, wanted: str, tmp_path: Path) -> None:
    store = tmp_path / "store"
    settings = RecorderSettings.model_validate(
        {"directory": tmp_path / "none", "store": {"url": f"file://{store}", "prefix": "test"}}
    )
    (store / "test").mkdir(parents=True)
    content = json.loads(paused.read_text())
    wav = paused.with_suffix(".wav").read_bytes()
    content["audio"]["files"][0] |= {"size": len(wav), "sha256": hashlib.sha256(wav).hexdigest()}
    (store / "test" / "a.json").write_text(json.dumps(content))
    (store / "test" / "a.wav").write_bytes(wav)

    def run() -> Any:
        return CliRunner().invoke(make_app(settings, Commands("recorder")), ["compliance", "--json"])

    result = run()
    (item,) = json.loads(result.stdout)
    assert item["place"] == f"file://{store}"
    assert item["pauses"][0]["finding"] == ("audio_found" if wanted == "loud" else "no_audio")
    assert result.exit_code == int(wanted == "loud")
    (store / "test" / "a.wav").unlink()
    (item,) = json.loads(run().stdout)
    assert item["pauses"][0]["finding"] == "not_here"


async def test_what_the_recorder_wrote(archive: Any, recordings: Any, manager: Any, new_call: Any) -> None:
    call = new_call(manager, MediaFormat("PCMU", ("external", "internal")))
    await call.open()
    for _ in range(4):
        call.audio(bytes(range(200)) * 16)
    call.pause(1.5, by_server=False)
    call.audio(bytes(range(200)) * 16)
    call.pause(1.5, by_server=True)
    call.audio(bytes(range(200)) * 16)
    await call.close()
    sidecar = recordings.sidecar()
    archive.directory = recordings.directory
    (item,) = archive.json("compliance")
    assert [(e["origin"], e["finding"], e["proof"]) for e in item["pauses"]] == [
        ("client", "no_audio", "silent")
    ]
    assert item["pauses"][0]["length"] >= 1.5
    assert item["withheld"] == sidecar["totals"]["withheld"] == {"audio": 0, "dtmf": 0}
    assert np.isclose(item["pauses"][0]["start"], 0.8)
