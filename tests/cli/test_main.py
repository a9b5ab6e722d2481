"""The command line as a whole: version, help, start, and what an error looks like."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

from audiohook_fw.cli import main as module

COMMANDS = {"serve", "simulate", "demo", "plugins", "config", "keys"}


def test_version(command):
    result = command("--version")
    assert (result.status, result.out) == (0, f"audiohook-fw {version('audiohook-fw')}\n")


@pytest.mark.parametrize("args", [(), ("--help",), ("-h",)])
def test_help_names_every_command_on_standard_output(command, args):
    result = command(*args)
    assert result.status == 0
    assert result.err == ""
    listed = {line.split()[0] for line in result.out.partition("Commands:")[2].splitlines()[1:] if line}
    assert listed >= COMMANDS
    assert "Examples:" in result.out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example_that_fits(command, name):
    result = command(name, "--help")
    assert result.status == 0
    assert max(map(len, result.out.splitlines())) <= 100, "the terminal of these tests"
    groups = {"config": "init", "keys": "new"}
    detail = command(name, groups[name], "--help") if name in groups else result
    assert f"audiohook-fw {name}" in detail.out.partition("Examples:")[2]


@pytest.mark.parametrize("name", ["config", "keys"])
def test_a_group_alone_shows_its_help(command, name):
    assert command(name) == command(name, "--help")


def test_no_summary_is_cut_off(command):
    for name in ("", "config", "keys"):
        result = command(*([name] if name else []), "--help")
        assert "..." not in result.out.partition("Commands:")[2].partition("Examples:")[0]


def test_the_entry_point_is_this_program():
    (script,) = entry_points(group="console_scripts", name="audiohook-fw")
    assert script.load() is module.main


def test_main_exits_with_the_status(monkeypatch, place):
    monkeypatch.setattr(sys, "argv", ["audiohook-fw", "nonsense"])
    with pytest.raises(SystemExit) as caught:
        module.main()
    assert caught.value.code == 2


def test_it_runs_as_a_module(process):
    assert process("--version").out == f"audiohook-fw {version('audiohook-fw')}\n"


def test_a_reader_that_leaves_is_no_error(place: Path):
    """`audiohook-fw config schema | head -1`: no traceback, nothing on standard error."""
    line = f'"{sys.executable}" -m audiohook_fw config schema | head -1'
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=place, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "{\n"
    assert done.stderr == ""


def test_starting_loads_no_server(place: Path):
    """What only some commands need is imported when they run."""
    code = (
        "import sys\n"
        "from audiohook_fw.cli.main import run\n"
        "run(['keys', 'new'])\n"
        "heavy = {'aiohttp', 'rich', 'uvloop', 'audiohook_fw.server', 'audiohook_fw.client',\n"
        "         'opentelemetry.sdk', 'prometheus_client'}\n"
        "print(heavy & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == "set()\n"


BELOW = ("", "config show", "config check", "config schema", "config init", "keys new")


@pytest.mark.parametrize("name", [*sorted(COMMANDS), *BELOW])
def test_help_fits_on_80_columns(command, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "80")
    lines = command(*name.split(), "--help").out.splitlines()
    assert [line for line in lines if len(line) > 80] == []
