"""Recordings elsewhere: in every format, whole and in part, and nothing when something is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.reading import blocks

from audiohook_fw.audio import Samples, read_wav

RATE = 8000
GAPS = [(4000, 4000, "pause"), (12_000, 800, "discarded"), (14_000, 100, "disk")]


def read(directory: Path, name: str = "a") -> Samples:
    """Return the audio of an exported recording."""
    return np.concatenate(list(blocks(directory, Document.read(directory / f"{name}.json"))))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.mark.parametrize("format_", ["wav", "pcm16", "flac", "opus"])
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("pauses", ["silence", "cut"])
def test_every_format(archive: Any, out: Path, format_: str, per_channel: bool, pauses: str) -> None:
    path = archive.add("a", gaps=GAPS)
    before = {file.name: file.read_bytes() for file in archive.directory.iterdir()}
    options = ["--format", format_, "--pauses", pauses, *(["--per-channel"] if per_channel else [])]
    (item,) = archive.json("export", "--into", out, *options)
    ending = {"pcm16": "wav"}.get(format_, format_)
    names = [f"a-external.{ending}", f"a-internal.{ending}"] if per_channel else [f"a.{ending}"]
    assert item == {
        "name": "a",
        "problem": None,
        "sidecar": "a.json",
        "seconds": 2.0 if pauses == "silence" else 1.4,
        "files": names,
    }
    assert sorted(file.name for file in out.iterdir()) == sorted([*names, "a.json"])
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in out.iterdir())
    samples = read_wav(path.with_suffix(".wav")).samples
    if pauses == "cut":
        samples = np.concatenate([samples[:4000], samples[8000:12_000], samples[12_800:]])
    exported = read(out)
    assert exported.shape == samples.shape
    if format_ != "opus":
        assert np.array_equal(exported, samples)
    archive_of_out = archive.json("verify", out)
    assert [item["verdict"] for item in archive_of_out] == ["ok"]
    assert {file.name: file.read_bytes() for file in archive.directory.iterdir()} == before


def test_no_directory_is_made_for_nothing(archive: Any, tmp_path: Path) -> None:
    archive.add("a").with_suffix(".wav").unlink()
    (tmp_path / "there").mkdir()
    for into in (tmp_path / "new" / "out", tmp_path / "there", tmp_path / "there" / "new"):
        archive.json("export", "--into", into, status=1)
        assert archive.run("export", "--into", into, "other").exit_code != 0
    assert list((tmp_path / "there").iterdir()) == []
    assert not (tmp_path / "new").exists()


def test_the_default_is_the_same_file(archive: Any, out: Path) -> None:
    path = archive.add("a", gaps=GAPS, tags={"x": "ä"}, more=[1])
    result = archive.run("export", "--into", out)
    assert (result.exit_code, result.stdout) == (0, "a.wav (0:02.0)\n")
    assert (out / "a.wav").read_bytes() == path.with_suffix(".wav").read_bytes()
    was, now = json.loads(path.read_text()), json.loads((out / "a.json").read_text())
    file = now["audio"]["files"][0]
    assert (file.pop("size"), len(file.pop("sha256"))) == (32_058, 64)
    assert now.pop("started_at").startswith("2026-01-02T03:04:05")
    assert now.pop("ended_at").startswith("2026-01-02T03:14:05")
    assert {name: now[name] for name in was if name in now} == {
        name: value for name, value in was.items() if name not in ("started_at", "ended_at")
    }


@pytest.mark.parametrize(
    ("options", "pieces"),
    [
        (["--from", "0.25"], [(2000, 16_000)]),
        (["--to", "1.25"], [(0, 10_000)]),
        (["--from", "0:00.25", "--to", "0:00:01.25"], [(2000, 10_000)]),
        (["--from", "1", "--to", "99:00"], [(8000, 16_000)]),
        (["--from", "0.25", "--to", "1.25", "--pauses", "cut"], [(2000, 4000), (8000, 10_000)]),
        (["--from", "0.6", "--to", "0.9", "--pauses", "cut"], []),
        (["--from", "0.6", "--pauses", "cut"], [(8000, 12_000), (12_800, 16_000)]),
    ],
)
def test_a_part(archive: Any, out: Path, options: list[str], pieces: list[tuple[int, int]]) -> None:
    path = archive.add("a", gaps=GAPS)
    samples = read_wav(path.with_suffix(".wav")).samples
    (item,) = archive.json("export", "--into", out, *options)
    document = Document.read(out / "a.json")
    assert document.audio.map is not None
    assert [(entry.call, entry.call + entry.length) for entry in document.audio.map] == pieces
    assert item["seconds"] == sum(end - start for start, end in pieces) / RATE
    exported = list(blocks(out, document))
    if pieces:
        expected = np.concatenate([samples[start:end] for start, end in pieces])
        assert np.array_equal(np.concatenate(exported), expected)
    else:
        assert exported == []
    assert [item["verdict"] for item in archive.json("verify", out)] == ["ok"]


def test_what_was_cut_out_comes_back_as_silence(archive: Any, out: Path, tmp_path: Path) -> None:
    path = archive.add("a", gaps=[GAPS[0], GAPS[1]])
    samples = read_wav(path.with_suffix(".wav")).samples
    archive.json("export", "--into", out, "--pauses", "cut", "--format", "flac")
    archive.json("export", out, "--into", tmp_path / "again")
    assert np.array_equal(read(tmp_path / "again"), samples)
    archive.json("export", out, "--into", tmp_path / "part", "--from", "0.25", "--to", "1.1")
    assert np.array_equal(read(tmp_path / "part"), samples[2000:8800])


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--from", "x"], "'x' is no time: write it as 83.5, 1:23.5 or 0:01:23.5"),
        (["--from", "2", "--to", "1:00:00", "--to", "2"], "--to 2 is not after --from 2"),
        (["--format", "mp3"], "'mp3' is not one of"),
        (["--pauses", "maybe"], "'maybe' is not one of"),
    ],
)
def test_options_that_are_wrong(archive: Any, out: Path, options: list[str], problem: str) -> None:
    result = archive.run("export", "--into", out, *options)
    assert result.exit_code == 2
    assert problem in " ".join(result.stderr.replace("│", "").split())
    assert not out.exists()


def test_nothing_is_replaced_and_nothing_is_left_of_what_fails(archive: Any, out: Path) -> None:
    archive.add("a")
    bad = archive.add("b")
    archive.change(bad, lambda content: content["audio"].update(samples=16_001))
    archive.add("c").with_suffix(".wav").unlink()
    (archive.directory / "d.json").write_text("{")
    (archive.directory / "e.json").write_text("{}")
    items = archive.json("export", "--into", out, "--format", "flac", status=1)
    assert [bool(item["problem"]) for item in items] == [False, True, True, True]
    assert "16000 samples" in items[1]["problem"]
    assert "16001" in items[1]["problem"]
    assert items[2]["problem"] == "c.wav: this file is missing"
    assert sorted(file.name for file in out.iterdir()) == ["a.flac", "a.json"]

    before = (out / "a.flac").read_bytes()
    (item,) = archive.json("export", "a", "--into", out, status=1)
    assert item["problem"] == f"{out}/a.json is there already: name another directory, or remove it"
    (out / "a.json").unlink()
    (out / "a.flac").rename(out / "a.wav")
    (item,) = archive.json("export", "a", "--into", out, status=1)
    assert item["problem"] == f"{out}/a.wav is there already: name another directory, or remove it"
    assert (out / "a.wav").read_bytes() == before
    result = archive.run("export", "a", "--into", archive.directory)
    assert result.exit_code == 1
    assert "is there already" in result.stderr


def test_times_beyond_the_end(archive: Any, out: Path) -> None:
    archive.add("a")
    (item,) = archive.json("export", "--into", out, "--from", "3", status=1)
    assert item["problem"] == "a.json: the call ends at 0:02.0, before --from"
    assert not out.exists()


def test_sound_is_never_cut_out(archive: Any, out: Path) -> None:
    path = archive.add("a")
    archive.change(path, lambda content: content["gaps"].append({"start": 9, "length": 5, "cause": "pause"}))
    (item,) = archive.json("export", "--into", out, "--pauses", "cut", status=1)
    assert item["problem"] == "a.json: there is sound at 9, in a gap (pause): it is not cut out"
    assert not out.exists()


def test_a_call_that_runs_is_not_exported(archive: Any, out: Path) -> None:
    owner = archive.owner()
    archive.add("a", state="recording", owner=owner.token)
    (item,) = archive.json("export", "--into", out, status=1)
    assert item["problem"] == "a.json: the call is not over yet"
    owner.release()


def test_a_channel_of_a_strange_name_leads_nowhere(archive: Any, out: Path) -> None:
    path = archive.add("a", channels=["internal"])

    def rename(content: dict[str, Any]) -> None:
        content["audio"]["channels"] = content["audio"]["files"][0]["channels"] = ["../../x"]

    archive.change(path, rename)
    (item,) = archive.json("export", "--into", out, "--per-channel")
    assert item["files"] == ["a-1.wav"]
    assert sorted(file.name for file in out.parent.iterdir()) == ["archive", "out"]
    assert sorted(file.name for file in out.iterdir()) == ["a-1.wav", "a.json"]


def test_what_is_still_to_do_for_a_recording_is_not_exported(archive: Any, out: Path) -> None:
    archive.add("a", owner=archive.owner().token, leftovers=["a.flac"])
    archive.json("export", "--into", out)
    sidecar = json.loads((out / "a.json").read_text())
    assert "owner" not in sidecar
    assert "leftovers" not in sidecar
