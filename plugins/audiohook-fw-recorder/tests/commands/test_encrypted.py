"""Encrypted recordings: checked as far as that goes without a key, read with one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyrage
import pytest
from audiohook_fw_recorder.age import Recipients
from audiohook_fw_recorder.age_spool import AgeSpool

from audiohook_fw import MediaFormat
from audiohook_fw.audio import read_wav

GAP = (40_000, 48_000, "pause")
"""Longer than a segment, so that it is not stored."""


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Make a file with a key."""
    path = tmp_path / "key.txt"
    path.write_text(f"# made for a test\n{pyrage.x25519.Identity.generate()}\n")
    return path


@pytest.fixture
def clear(archive: Any, key: Path) -> Any:
    """Encrypt a recording as the recorder does; return its samples."""
    path = archive.add("a", seconds=14, gaps=[GAP])
    wav = read_wav(path.with_suffix(".wav"))
    public = str(pyrage.x25519.Identity.from_str(key.read_text().split()[-1]).to_public())
    media = MediaFormat("PCMU", ("external", "internal"), 8000)
    spool = AgeSpool(media, Recipients([public]), byte_order="little")
    spool.begin(archive.directory / "a.tar")
    spool.write([wav.payload[:80_000], GAP[1], wav.payload[176_000:]])
    spool.close()
    path.with_suffix(".wav").unlink()

    def describe(content: dict[str, Any]) -> None:
        content["audio"] |= {"format": "age", "recipients": [public]}
        content["audio"]["files"][0]["name"] = "a.tar"

    archive.change(path, describe)
    return wav.samples


def test_without_a_key_what_can_be_seen_is_checked(archive: Any, clear: Any) -> None:
    (item,) = archive.json("verify")
    assert (item["verdict"], item["notes"]) == (
        "unread",
        ["there is no checksum of a.tar", "its audio was not read: it is encrypted"],
    )
    assert archive.run("verify").stdout == (
        "1 recording: 0 whole, 0 not, 1 not read; 1 without a checksum; "
        "--identity FILE reads encrypted audio\n"
    )
    result = archive.run("info")
    assert result.exit_code == 0
    assert "  encrypted     --identity FILE shows its waveform" in result.stdout
    assert "█" not in result.stdout
    assert archive.json("list")[0]["format"] == "age"


def test_with_a_key_all_of_it_is_read(archive: Any, clear: Any, key: Path, tmp_path: Path) -> None:
    (item,) = archive.json("verify", "--identity", key)
    assert (item["verdict"], item["notes"]) == ("ok", ["there is no checksum of a.tar"])
    shown = archive.run("info", "--identity", key).stdout
    assert "█" in shown
    assert "--identity" not in shown
    archive.json("export", "--identity", key, "--into", tmp_path / "out")
    assert np.array_equal(read_wav(tmp_path / "out" / "a.wav").samples, clear)
    sidecar = json.loads((tmp_path / "out" / "a.json").read_text())
    assert "recipients" not in sidecar["audio"]
    options = ["--pauses", "cut", "--from", "4", "--to", "12", "--format", "flac", "--per-channel"]
    (item,) = archive.json("export", "--identity", key, "--into", tmp_path / "part", *options)
    assert item["seconds"] == 2.0
    assert [item["verdict"] for item in archive.json("verify", tmp_path / "part", tmp_path / "out")] == [
        "ok"
    ] * 2


def test_without_the_right_key_nothing_is_exported(
    archive: Any, clear: Any, key: Path, tmp_path: Path
) -> None:
    (item,) = archive.json("export", "--into", tmp_path / "out", status=1)
    assert "it is encrypted" in item["problem"]
    key.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    (item,) = archive.json("export", "--into", tmp_path / "out", "--identity", key, status=1)
    assert "no key of key.txt opens it" in item["problem"]
    assert not (tmp_path / "out").exists()
    assert archive.json("verify", "--identity", key, status=1)[0]["verdict"] == "bad"
    key.write_text("no key")
    result = archive.run("verify", "--identity", key)
    assert result.exit_code != 0
    assert "line 1 is no secret key of age" in str(result.exception)


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (lambda tar: tar[:-5000], "a.tar: its last segment is cut off"),
        (lambda tar: tar[:512] + b"x" + tar[513:], None),
        (lambda tar: b"x" * 2000, "a.tar: there is no member of an archive at byte 0"),
    ],
)
def test_damage_is_found(archive: Any, clear: Any, key: Path, harm: Any, problem: str | None) -> None:
    path = archive.directory / "a.tar"
    path.write_bytes(harm(path.read_bytes()))
    (item,) = archive.json("verify", status=int(problem is not None))
    assert item["problems"] == ([problem] if problem else [])
    (item,) = archive.json("verify", "--identity", key, status=1)
    assert item["verdict"] == "bad"


def test_segments_beyond_the_end_are_found(archive: Any, clear: Any) -> None:
    archive.change(archive.directory / "a.json", lambda content: content["audio"].update(samples=100_000))
    (item,) = archive.json("verify", status=1)
    assert item["problems"] == [
        "a.tar: it has segments up to 112000, where the sidecar speaks of 100000 samples"
    ]
