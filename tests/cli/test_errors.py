"""Every way a command can go wrong: one line for each problem, status 2, and no traceback."""

from __future__ import annotations

import socket

import pytest
import typer

from audiohook_fw.cli.errors import CommandError, lines, report
from audiohook_fw.config import ConfigErrors
from audiohook_fw.errors import ConfigError, PluginLoadError

KEY = '[[auth.keys]]\napi_key = "key"\nsecrets = ["c2VjcmV0"]\n'

WRONG = {
    "unknown command": (["nonsense"], "no such command 'nonsense'; see audiohook-fw --help"),
    "unknown option": (["serve", "--prot"], "no such option: --prot"),
    "port is no number": (["serve", "--port", "x"], "invalid value for '--port': must be a whole number; "),
    "port out of range": (["serve", "--port", "70000"], "'--port': must be at most 65535; "),
    "port below zero": (["serve", "--port", "-1"], "'--port': must be at least 0; "),
    "too many arguments": (["plugins", "extra"], "extra"),
    "option without its value": (["serve", "--config"], "--config"),
    "no such product": (
        ["keys", "new", "--product", "phone"],
        "'--product': 'phone' is not one of 'monitor', 'transcription', 'connector'; ",
    ),
    "speed is no number": (["demo", "--speed", "x"], "'--speed': must be a number; "),
    "organization by name": (["keys", "new", "--organization", "acme"], "must be a UUID"),
    "long name": (["keys", "new", "--name", "x" * 65], "at most 64"),
    "name with a line break": (["keys", "new", "--name", "a\nb"], "printable"),
    "demo too fast": (["demo", "--speed", "51"], "'--speed'"),
    "missing file": (["serve", "--config", "none.toml"], "none.toml: No such file"),
    "missing plugins folder": (
        ["plugins", "--plugins-dir", "none"],
        "plugins.directory: none is no directory",
    ),
    "no keys": (["serve"], "audiohook-fw keys new"),
    "dev for everybody": (["serve", "--dev", "--host", "0.0.0.0"], "this machine only"),
    "init over a file": (["config", "init", "--config", "taken.toml"], "taken.toml exists"),
    "init in a missing folder": (["config", "init", "--config", "none/a.toml"], "none/a.toml: No such file"),
}


@pytest.mark.parametrize(("args", "expected"), WRONG.values(), ids=WRONG.keys())
def test_one_line_and_status_2(command, place, args, expected):
    (place / "taken.toml").touch()
    result = command(*args)
    assert result.status == 2
    assert len(result.errors) == 1, result.err
    assert result.errors[0].startswith("Error: ")
    assert expected in result.errors[0]
    assert result.out == ""


def test_a_line_for_each_wrong_setting(command, place):
    (place / "audiohook.toml").write_text("[server]\nport = 'x'\n[limits]\ncals = 3\n", encoding="utf-8")
    for args in (["serve"], ["serve", "--dev"], ["config", "show"], ["config", "check"], ["plugins"]):
        result = command(*args)
        assert result.status == 2
        assert [line.split(":")[1].split()[0] for line in result.errors] == ["server.port", "limits.cals"]


def test_a_port_in_use(process, place, no_grace):
    (place / "audiohook.toml").write_text(KEY, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = process("serve", "--port", str(port))
    assert result.status == 2
    assert result.errors[-1].startswith(f"Error: server.port: cannot listen on 127.0.0.1:{port}: ")
    assert "Traceback" not in result.err


def test_a_required_plugin_that_is_missing(process, place, no_grace):
    (place / "audiohook.toml").write_text(KEY + '[plugins]\nrequired = ["none"]\n', encoding="utf-8")
    result = process("serve", "--port", "0")
    assert result.status == 2
    assert result.errors[-1] == "Error: plugin none: is required but not installed"
    assert "Traceback" not in result.err


def _unforeseen() -> Exception:
    try:
        raise KeyError("a secret text")
    except KeyError as error:
        return error


def test_what_nobody_foresaw_is_named_by_place_not_by_text(capsys, monkeypatch):
    monkeypatch.delenv("AUDIOHOOK_DEBUG", raising=False)
    assert report(_unforeseen()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Error: KeyError at test_errors.py:")
    assert "AUDIOHOOK_DEBUG=1" in line
    assert "secret" not in line


def test_debugging_adds_the_traceback(capsys, monkeypatch):
    monkeypatch.setenv("AUDIOHOOK_DEBUG", "1")
    assert report(_unforeseen()) == 2
    text = capsys.readouterr().err
    assert "Traceback (most recent call last)" in text
    assert text.splitlines()[-1].startswith("Error: KeyError at ")
    monkeypatch.setenv("AUDIOHOOK_DEBUG", "0")
    report(_unforeseen())
    assert "Traceback" not in capsys.readouterr().err


def test_debugging_shows_where_a_setting_was_refused(process, place):
    result = process("serve", "--config", "none.toml", env={"AUDIOHOOK_DEBUG": "1"})
    assert result.status == 2
    assert "Traceback" in result.err
    assert result.errors[-1].startswith("Error: config ")


KINDS = {
    "ours": (CommandError("do this"), ["do this"]),
    "several": (ConfigErrors([ConfigError("a", "x"), ConfigError("b", "y", source="env")]),
                ["a: x", "b (from env): y"]),
    "a plugin's": (PluginLoadError("vad", "broken"), ["plugin vad: broken"]),
    "a file's": (FileNotFoundError(2, "No such file", "x.wav"), ["x.wav: No such file"]),
    "the system's": (OSError(28, "No space left on device"), ["No space left on device"]),
    "without a text": (OSError(), ["OSError"]),
    "a bad value": (typer.BadParameter("must be\n\tsmall."), ["invalid value: must be small"]),
    "stopped": (typer.Abort(), ["stopped"]),
}  # fmt: skip


@pytest.mark.parametrize(("error", "expected"), KINDS.values(), ids=KINDS.keys())
def test_what_an_error_means(error, expected):
    assert list(lines(error)) == expected
