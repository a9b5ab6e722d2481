"""The plugin keeps the contract of plugins, with either engine."""

from __future__ import annotations

from audiohook_fw_vad import Vad

from audiohook_fw.testing import PluginContract


class TestSilero(PluginContract):
    plugin = Vad


class TestWebrtc(PluginContract):
    plugin = Vad
    settings = {"engine": "webrtc", "options": {"aggressiveness": 2}, "threads": 1}  # noqa: RUF012
