"""Recordings in an object store, beside those of the directory."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder import RecorderSettings
from audiohook_fw_recorder.commands import make_app, output
from audiohook_fw_recorder.commands.places import PlaceError
from audiohook_fw_recorder.store import Store
from audiohook_fw_recorder.store_settings import StoreSettings
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


@pytest.fixture
def silent() -> Iterator[int]:
    """Listen where nobody ever answers; return the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def over(archive: Any, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the commands of an archive look into an S3 store at that port, too."""
    settings = RecorderSettings.model_validate(
        {
            "directory": archive.directory,
            "store": {
                "url": "s3://bucket",
                "options": {"endpoint": f"http://127.0.0.1:{port}", "region": "x", "access_key_id": "k"},
                "secrets": {"secret_access_key": "s"},
                "connect_timeout": 1,
                "timeout": 0.3,
            },
        }
    )

    def run(*arguments: object) -> Any:
        app = make_app(settings, Commands("recorder"))
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    monkeypatch.setattr(archive, "run", run)


def test_a_store_that_is_not_there_is_said(archive: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    over(archive, 1, monkeypatch)
    result = archive.run("list")
    assert result.exit_code != 0
    assert str(result.exception) == (
        "s3://bucket cannot be listed (connection): check store.url, store.options.endpoint, ca_file and "
        "the network in plugins.recorder"
    )


def test_a_store_that_does_not_answer_is_said_and_the_rest_is_shown(
    archive: Any, silent: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    archive.add("a")
    over(archive, silent, monkeypatch)
    monkeypatch.setattr(output, "PATIENCE", 0.1)
    result = archive.run("list")
    assert isinstance(result.exception, PlaceError)  # the program makes that exit status 2
    assert str(result.exception).startswith("s3://bucket cannot be listed (timeout): check store.url")
    assert "waiting for s3://bucket" in result.stderr
    assert result.stdout.splitlines()[1].endswith("  a")
    assert len(result.stdout.splitlines()) == 2
    result = archive.run("list", "--json")
    assert [item["name"] for item in json.loads(result.stdout)] == ["a"]
    assert isinstance(result.exception, PlaceError)
    result = archive.run("verify")
    assert result.stdout == "1 recording: 1 whole, 0 not; 1 without a checksum\n"
    assert isinstance(result.exception, PlaceError)
    result = archive.run("export", "a", "other", "--into", tmp_path / "out")
    assert "a.wav (0:02.0)" in result.stdout
    assert "s3://bucket cannot be listed (timeout)" in str(result.exception)
    assert "there is no recording of other in " in str(result.exception)
    result = archive.run("erase", "--yes", CONVERSATION)
    assert result.exit_code == 1
    assert "the store failed (timeout): nothing is erased; check store.url" in result.stderr


def test_a_store_that_answers_is_not_waited_for(
    archive: Any, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert archive.run("list").stderr == ""


def test_commands_wait_for_half_a_minute_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr("obstore.store.from_url", lambda url, **options: given.update(options))
    settings = StoreSettings(url="s3://bucket", connect_timeout=60, timeout=3600)
    Store(settings, brief=True)
    client, retry = given["client_options"], given["retry_config"]
    # Another try begins only before `retry_timeout`, so it is the last one.
    assert client["connect_timeout"] <= client["timeout"]
    assert retry["max_retries"] == 1
    assert (client["timeout"] + retry["retry_timeout"]).total_seconds() <= 30
    Store(settings)
    assert given["client_options"]["timeout"].total_seconds() == 3600
