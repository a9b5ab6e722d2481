"""`plugin new`: what it writes, says and refuses."""

from __future__ import annotations

import tomllib
from importlib import metadata

import pytest


def test_the_first_steps_are_told(command, place):
    result = command("plugin", "new", "talk_ratio")
    assert (result.status, result.err) == (0, "")
    steps = [line.strip() for line in result.out.splitlines() if line.startswith("  ")]
    assert steps[:2] == ["cd audiohook-fw-talk-ratio", "pip install --editable '.[dev]'"]
    assert len(steps) == 3
    assert "plugin check ." in steps[2]
    project = tomllib.loads((place / "audiohook-fw-talk-ratio/pyproject.toml").read_text())["project"]
    assert project["name"] == "audiohook-fw-talk-ratio"


def test_another_kind_into_another_directory(command, place):
    result = command("plugin", "new", "mine", "--kind", "policy", "--into", "some where")
    assert result.status == 0
    assert "  cd 'some where/audiohook-fw-mine'\n" in result.out
    text = (place / "some where/audiohook-fw-mine/audiohook_fw_mine/plugin.py").read_text()
    assert "OnFailure.REJECT" in text


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["Talk"], "NAME: 'Talk' is no plugin name: small letters and digits"),
        (["acme-vad"], "did you mean 'acme_vad'?"),
        (["serve"], "NAME: 'serve' is a command of audiohook-fw, which would hide its own"),
        (["plugin"], "is a command of audiohook-fw"),
        (["recorder"], "NAME: 'recorder' is a plugin of audiohook_fw itself"),
        (["audiohook_fw"], "NAME: 'audiohook_fw' begins with audiohook"),
        (
            ["mine", "--kind", "other"],
            "'other' is not one of 'minimal', 'policy', 'storage', 'asr', 'analysis'",
        ),
        ([], "missing argument 'NAME'"),
    ],
)
def test_what_it_refuses(command, place, args, says):
    result = command("plugin", "new", *args)
    assert result.status == 2
    assert says in result.err
    assert list(place.iterdir()) == []


def test_a_directory_that_is_not_empty_is_left_alone(command, place):
    (place / "audiohook-fw-mine").mkdir()
    (place / "audiohook-fw-mine" / "work").write_text("of days", encoding="utf-8")
    result = command("plugin", "new", "mine")
    assert (result.status, result.out) == (2, "")
    assert result.errors == [
        "Error: audiohook-fw-mine: there is something already; name another, or use --into"
    ]
    assert [path.name for path in place.rglob("*")] == ["audiohook-fw-mine", "work"]


def test_a_plugin_that_is_installed_is_not_begun_anew(command, place, monkeypatch):
    entry = metadata.EntryPoint("acme_vad", "acme.vad:Vad", "audiohook_fw")
    monkeypatch.setattr(
        metadata, "entry_points", lambda **wanted: [entry] if wanted["name"] == entry.name else []
    )
    result = command("plugin", "new", "acme_vad")
    assert result.status == 2
    assert "'acme_vad' is installed here already; take another name" in result.err
    assert "or first: pip uninstall audiohook-fw-acme-vad" in result.err
    assert command("plugin", "new", "acme_vad2").status == 0
