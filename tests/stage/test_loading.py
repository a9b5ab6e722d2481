"""How a tested plugin is named and loaded."""

from __future__ import annotations

import types
from pathlib import Path

import pytest

from audiohook_fw import hookimpl
from audiohook_fw.stage import name_of
from audiohook_fw.testing import CallDriver


class HTTPRelay:
    @hookimpl
    def on_opened(self) -> None: ...


class TalkRatio2(HTTPRelay): ...


class AlertPlugin(HTTPRelay): ...


class Plugin(HTTPRelay): ...


@pytest.mark.parametrize(
    ("plugin", "name"),
    [
        (HTTPRelay, "http_relay"),
        (HTTPRelay(), "http_relay"),
        (TalkRatio2, "talk_ratio_2"),
        (AlertPlugin, "alert"),
        (AlertPlugin(), "alert"),
        (Plugin, "plugin"),
        (types.ModuleType("acme.talk"), "talk"),
        ("recorder", "recorder"),
        ("acme.talk:TalkRatio", "talk"),
        ("mine=acme.talk:TalkRatio", "mine"),
        ("some/where/policy.py", "policy"),
        (Path("policy.py"), "policy"),
        ("mine=policy.py", "mine"),
    ],
)
def test_names(plugin: object, name: str) -> None:
    assert name_of(plugin) == name


@pytest.mark.parametrize(
    "plugin", ["recorder", "audiohook_fw_recorder:Recorder", "x=audiohook_fw_recorder:Recorder"]
)
def test_an_installed_plugin_is_found_as_with_p(plugin: str, tmp_path: Path) -> None:
    with CallDriver(plugin, settings={"directory": str(tmp_path)}) as call:
        call.open()
        call.audio(seconds=1.0)
        call.close()
        assert call.name == name_of(plugin)
    assert len(list(tmp_path.glob("*.wav"))) == 1


def test_a_name_of_ones_own(tmp_path: Path) -> None:
    module = "audiohook_fw_recorder:Recorder"
    with CallDriver(module, name="other", settings={"directory": str(tmp_path)}) as call:
        assert call.name == "other"
        assert type(call.plugin).__name__ == "Recorder"
