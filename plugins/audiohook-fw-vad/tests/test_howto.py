"""The page `tell-who-speaks-when` keeps its word: its plugin hears this one, its settings are ones."""

from __future__ import annotations

import logging
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from audiohook_fw_vad import Vad, VadSettings

from audiohook_fw.testing import CallDriver

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "tell-who-speaks-when.md"
BLOCKS = re.findall(r"^```(python|toml)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
SECTIONS = [tomllib.loads(code)["plugins"]["vad"] for language, code in BLOCKS if language == "toml"]


def module(name: str, number: int) -> ModuleType:
    """Return one of the page's blocks of Python as a module."""
    made = ModuleType(name)
    exec([code for language, code in BLOCKS if language == "python"][number], made.__dict__)
    return made


def test_its_plugin_hears_of_speech_and_interruptions(kit: Any, caplog: pytest.LogCaptureFixture) -> None:
    consumer = module("patience", 0)
    settings = {"engine": "scripted_detector:LoudDetector", "ignore_background": False}
    with (
        caplog.at_level(logging.INFO, logger="patience"),
        CallDriver(Vad, settings=settings, others={"patience": consumer}) as call,
    ):
        call.open()
        call.audio(np.concatenate([kit.loud(61, 1), kit.loud(1, 0, 1), kit.quiet(1)]))
        call.close()
    assert [record.getMessage() for record in caplog.records if record.name == "patience"] == [
        "internal spoke for 62 s without a stop",
        "external interrupted 1 times",
        "internal interrupted 0 times",
    ]


@pytest.mark.parametrize("section", SECTIONS)
def test_its_settings_are_settings(section: dict[str, Any]) -> None:
    VadSettings(**section)


def test_its_engine_hears(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "my_module", module("my_module", 1))
    with CallDriver(Vad, settings={**SECTIONS[-1], "ignore_background": False}) as call:
        call.open()
        call.audio(np.concatenate([kit.quiet(1), kit.loud(1, 0), kit.quiet(1)]))
        call.close()
        assert kit.segments(call, "external") == [(1, 2)]
