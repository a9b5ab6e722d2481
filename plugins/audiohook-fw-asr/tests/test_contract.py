"""A plugin made of the base keeps the contract of plugins, with engines that are well and with bad ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from audiohook_fw_asr import SegmentSettings, SpeechRecognition, StreamSettings
from audiohook_fw_asr.testing import EngineFault, ScriptedEngine, ScriptedSegmentEngine

from audiohook_fw.testing import PluginContract


class Streams(SpeechRecognition):
    Settings = StreamSettings
    summary = "Streams, for tests"

    def make_engines(self) -> Sequence[Any]:
        return [ScriptedEngine()]


class HungStreams(Streams):
    def make_engines(self) -> Sequence[Any]:
        return [ScriptedEngine(always=EngineFault.CONNECT_HANGS), ScriptedEngine(always=EngineFault.HUNG)]


class Segments(SpeechRecognition):
    Settings = SegmentSettings
    summary = "Segments, for tests"

    def make_engines(self) -> Sequence[Any]:
        return [ScriptedSegmentEngine()]


class TestStreams(PluginContract):
    plugin = Streams


class TestHungStreams(PluginContract):
    plugin = HungStreams


class TestSegments(PluginContract):
    plugin = Segments


def test_engines_must_fit_the_settings() -> None:
    class Mixed(Streams):
        def make_engines(self) -> Sequence[Any]:
            return [ScriptedEngine(), ScriptedSegmentEngine()]

    class Nothing(Streams):
        def make_engines(self) -> Sequence[Any]:
            return []

    class Odd(Streams):
        def make_engines(self) -> Sequence[Any]:
            return [ScriptedEngine(rate=44100)]

    class Unmade(SpeechRecognition):
        Settings = StreamSettings

    with pytest.raises(TypeError, match="ScriptedSegmentEngine is no StreamEngine"):
        Mixed(StreamSettings())
    with pytest.raises(TypeError, match="returned no engine"):
        Nothing(StreamSettings())
    with pytest.raises(ValueError, match="must be 8000 or 16000"):
        Odd(StreamSettings())
    with pytest.raises(TypeError, match="must override make_engines"):
        Unmade(StreamSettings())
    with pytest.raises(TypeError, match="derive from StreamSettings or SegmentSettings"):
        Streams(type("Other", (), {"retry_seconds": 1, "retry_max": 1})())
