"""Recordings in an object store, beside those of the directory."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder import RecorderSettings
from audiohook_fw_recorder.commands import make_app
from typer.testing import CliRunner

from audiohook_fw import Commands

CONVERSATION = "c0000000-0000-4000-8000-000000000001"


@pytest.fixture
def stored(archive: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have recordings a and b in a store, and c in the directory; return the store's directory."""
    there = tmp_path / "store" / "calls" / CONVERSATION
    there.mkdir(parents=True)
    for name in ("a", "b"):
        path = archive.add(name, gaps=[(4000, 4000, "pause")])
        for file in (path, path.with_suffix(".wav")):
            file.rename(there / file.name)
    archive.add("c")
    settings = RecorderSettings.model_validate(
        {"directory": archive.directory, "store": {"url": f"file://{tmp_path}/store", "prefix": "calls"}}
    )

    def run(*arguments: object) -> Any:
        return CliRunner().invoke(
            make_app(settings, Commands("recorder")), [str(argument) for argument in arguments]
        )

    monkeypatch.setattr(archive, "run", run)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return there


def test_both_places_are_listed(archive: Any, stored: Path, tmp_path: Path) -> None:
    items = archive.json("list")
    assert [(item["name"], item["place"], item["bytes"]) for item in items] == [
        ("c", str(archive.directory), 32_058),
        ("a", f"file://{tmp_path}/store", 32_058),
        ("b", f"file://{tmp_path}/store", 32_058),
    ]
    lines = archive.run("list").stdout.splitlines()
    assert lines[0].endswith("recording  place")
    assert lines[1].endswith(f"a          file://{tmp_path}/store")
    assert [item["name"] for item in archive.json("list", CONVERSATION)] == ["c", "a", "b"]
    assert [item["name"] for item in archive.json("list", "b")] == ["b"]


def test_what_is_in_the_store_is_shown_and_exported(archive: Any, stored: Path, tmp_path: Path) -> None:
    assert "░" in archive.run("info", "a").stdout
    (item,) = archive.json("export", "a", "--into", tmp_path / "out", "--pauses", "cut")
    assert (item["problem"], item["seconds"]) == (None, 1.5)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_verify_reads_what_is_in_the_store(archive: Any, stored: Path, tmp_path: Path) -> None:
    assert {item["verdict"] for item in archive.json("verify")} == {"ok"}
    os.truncate(stored / "a.wav", 20_000)
    (stored / "b.wav").unlink()
    (stored / "x.txt").write_text("x")
    items = {item["name"]: item for item in archive.json("verify", status=1)}
    assert items["c"]["verdict"] == "ok"
    assert items["a"]["problems"] == ["a.wav: its end is missing, or its header was not completed"]
    assert items["b"]["problems"] == [f"calls/{CONVERSATION}/b.wav: this object is missing"]
    assert items["x.txt"]["verdict"] == "foreign"
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_store_is_enough(archive: Any, stored: Path) -> None:
    for path in archive.directory.iterdir():
        path.unlink()
    archive.directory.rmdir()
    assert [item["name"] for item in archive.json("list")] == ["a", "b"]


def test_a_store_that_fails_is_said(archive: Any, tmp_path: Path) -> None:
    settings = RecorderSettings.model_validate(
        {
            "directory": archive.directory,
            "store": {
                "url": "s3://bucket",
                "options": {"endpoint": "http://127.0.0.1:1", "region": "x", "access_key_id": "k"},
                "secrets": {"secret_access_key": "s"},
                "connect_timeout": 1,
            },
        }
    )
    result = CliRunner().invoke(make_app(settings, Commands("recorder")), ["list"])
    assert result.exit_code != 0
    assert "s3://bucket does not give it: " in str(result.exception)
