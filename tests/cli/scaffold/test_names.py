"""The names of a new plugin."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from audiohook_fw.cli.scaffold import Names
from audiohook_fw.cli.scaffold.names import OURS

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"


@pytest.mark.parametrize(
    ("name", "distribution", "module", "cls"),
    [
        ("talk_ratio", "audiohook-fw-talk-ratio", "audiohook_fw_talk_ratio", "TalkRatio"),
        ("asr2", "audiohook-fw-asr2", "audiohook_fw_asr2", "Asr2"),
        ("x", "audiohook-fw-x", "audiohook_fw_x", "X"),
    ],
)
def test_all_names_follow(name, distribution, module, cls):
    names = Names(name)
    assert (names.distribution, names.module, names.cls) == (distribution, module, cls)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("TalkRatio", "'TalkRatio' is no plugin name: small letters and digits"),
        ("TalkRatio", "; did you mean 'talk_ratio'?"),
        ("talk-ratio", "starting with a letter; did you mean 'talk_ratio'?"),
        ("Acme VAD 2", "; did you mean 'acme_vad_2'?"),
        ("audiohook-fw-vad2", "; did you mean 'vad2'?"),
        ("audiohook_fw_vad", "begins with audiohook, as the names of every plugin's"),
        ("audiohook_fw", "do by themselves"),
        ("audiohook", "do by themselves"),
        ("recorder", "'recorder' is a plugin of audiohook_fw itself; take another name"),
        ("talk__ratio", "single underscores"),
        ("2talk", "starting with a letter"),
        ("", "'' is no plugin name"),
        ("../x", "is no plugin name"),
        ("enabled", "is a setting of the section plugins"),
        ("a" * 31, "has 31 characters; take at most 30"),
    ],
)
def test_what_cannot_be_a_name(name, says):
    with pytest.raises(ValueError, match=r"plugin|characters") as caught:
        Names(name)
    assert says in str(caught.value)


@pytest.mark.parametrize("name", ["recorder", "enabled", "audiohook_fw", "../", "2"])
def test_nothing_is_suggested_that_cannot_be_taken_either(name):
    with pytest.raises(ValueError, match=r"\w") as caught:
        Names(name)
    assert "did you mean" not in str(caught.value)


def test_a_name_may_hold_the_word():
    assert Names("my_audiohook").module == "audiohook_fw_my_audiohook"


def test_every_plugin_of_ours_keeps_its_name():
    projects = [tomllib.loads(path.read_text(encoding="utf-8")) for path in PLUGINS.glob("*/pyproject.toml")]
    points = [project["project"].get("entry-points", {}) for project in projects]  # a library has none
    names = {name for groups in points for name in groups.get("audiohook_fw", ())}
    assert names
    assert names <= OURS
