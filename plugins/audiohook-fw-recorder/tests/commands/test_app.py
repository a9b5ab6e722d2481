"""The commands as people call them: through the program, with a configuration."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from audiohook_fw.cli.main import run


@pytest.fixture
def configured(archive: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a directory with a configuration."""
    monkeypatch.chdir(tmp_path)
    content = '[plugins]\nenabled = ["recorder"]\n[plugins.recorder]\ndirectory = "archive"\n'
    (tmp_path / "audiohook.toml").write_text(content)
    return tmp_path


def test_the_program_has_them(archive: Any, configured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive.add("a")
    assert run(["recordings", "list", "--json"]) == 0
    assert [item["name"] for item in json.loads(capsys.readouterr().out)] == ["a"]
    assert run(["recordings", "verify"]) == 0
    (archive.directory / "a.wav").unlink()
    assert run(["recordings", "verify"]) == 1
    assert run(["recordings", "info"]) == 1
    capsys.readouterr()
    assert run(["recordings", "info", "other"]) == 2
    assert capsys.readouterr().err.startswith("Error: there is no recording of other in archive: give the id")
    assert run(["recordings", "list", "archive/../../nothing"]) == 2
    assert "there is no such file or directory" in capsys.readouterr().err


def test_without_a_directory_it_says_what_to_do(configured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (configured / "archive").rmdir()
    assert run(["recordings", "verify"]) == 2
    assert capsys.readouterr().err == (
        "Error: there is no directory archive; the server makes it: go where the server's audiohook.toml is, "
        "name that file in AUDIOHOOK_CONFIG, set plugins.recorder.directory, or name files or directories\n"
    )


def test_the_configuration_is_found_by_the_environment(
    archive: Any, configured: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    archive.add("a")
    path = configured / "server.toml"
    path.write_text(
        f'[plugins]\nenabled = ["recorder"]\n[plugins.recorder]\ndirectory = "{archive.directory}"\n'
    )
    (configured / "audiohook.toml").unlink()
    monkeypatch.setenv("AUDIOHOOK_CONFIG", str(path))
    (configured / "elsewhere").mkdir()
    monkeypatch.chdir(configured / "elsewhere")
    assert run(["recordings", "list", "--json"]) == 0
    assert [item["name"] for item in json.loads(capsys.readouterr().out)] == ["a"]


def test_a_terminal_sees_progress_and_a_pipe_sees_none(archive: Any, configured: Path) -> None:
    archive.add("a")
    command = [sys.executable, "-m", "audiohook_fw", "recordings", "verify"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("1 recording: 1 whole, 0 not; 1 without a checksum\n", "")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, env=environment, text=True
    ) as process:
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 4096):
                seen += piece
        except OSError:  # the other end is closed
            pass
        assert process.stdout is not None
        assert process.stdout.read() == "1 recording: 1 whole, 0 not; 1 without a checksum\n"
    os.close(ours)
    assert b"verifying" in seen
