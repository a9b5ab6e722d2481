"""The names of a new plugin."""

from __future__ import annotations

import pytest

from audiohook_fw.cli.scaffold import Names


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
        ("talk-ratio", "is no plugin name"),
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
