"""The plugin in its server: it starts with an engine, or says what to do."""

from __future__ import annotations

from typing import Any

import pytest
from audiohook_fw_vad import Vad

from audiohook_fw import PluginError
from audiohook_fw.testing import CallDriver


def test_without_its_engine_it_says_what_there_is() -> None:
    with (
        CallDriver(Vad, settings={"engine": "nothing"}) as call,
        pytest.raises(PluginError, match="there are: silero, webrtc"),
    ):
        call.open()


def test_an_engine_that_does_not_start(plan: Any) -> None:
    plan.refuse_to_start = True
    settings = {"engine": "scripted_detector:FaultyDetector", "options": {"plan": plan}}
    with CallDriver(Vad, settings=settings) as call, pytest.raises(PluginError, match="no model"):
        call.open()


def test_a_call_without_media_is_left_alone(new_call: Any) -> None:
    call = new_call({"offers": []})
    call.open()
    call.close()
    assert list(call.emitted) == []
