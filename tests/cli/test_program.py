"""Commands that a user is to copy begin with what works where they are."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from audiohook_fw.cli.program import command_line


@pytest.fixture
def called(place, monkeypatch):
    """Pretend that the program was called as this, with these directories to search."""

    def pretend(name: str | Path, path: str | Path = "") -> None:
        monkeypatch.setattr(sys, "argv", [str(name)])
        monkeypatch.setenv("PATH", str(path))

    return pretend


def _script(directory: Path) -> Path:
    directory.mkdir(parents=True)
    script = directory / "audiohook-fw"
    script.touch(0o755)
    return script


def test_by_its_name_where_the_shell_finds_it(called, place):
    script = _script(place / "bin")
    called(script, script.parent)
    assert command_line("serve") == "audiohook-fw serve"


def test_by_its_path_in_a_clone(called, place):
    called(_script(place / ".venv" / "bin"))
    assert command_line("serve", "--dev") == ".venv/bin/audiohook-fw serve --dev"


def test_by_its_whole_path_from_elsewhere(called, place, tmp_path):
    script = _script(tmp_path / "with space")
    called(script)
    assert shlex.split(command_line("demo")) == [str(script), "demo"]


def test_as_a_module(called):
    called("/x/audiohook_fw/__main__.py")
    assert command_line("demo") == f"{Path(sys.executable).name} -m audiohook_fw demo"


def test_in_another_program(called):
    called("/usr/bin/pytest")
    assert command_line("demo") == "audiohook-fw demo"
