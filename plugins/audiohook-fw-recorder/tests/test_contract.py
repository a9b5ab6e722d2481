"""The recorder keeps the contract of plugins, with its default settings and with others."""

from __future__ import annotations

from audiohook_fw_recorder import Recorder

from audiohook_fw.testing import PluginContract


class TestRecorder(PluginContract):
    plugin = Recorder


class TestRecorderThatFlushesOften(PluginContract):
    plugin = Recorder
    settings = {"directory": "calls", "flush_seconds": 0.02}  # noqa: RUF012


class TestRecorderOfOtherFormats(PluginContract):
    plugin = Recorder
    settings = {"directory": "calls", "format": "flac", "per_channel": True, "pauses": "cut"}  # noqa: RUF012
