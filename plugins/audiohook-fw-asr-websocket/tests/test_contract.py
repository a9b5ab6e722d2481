"""The plugin keeps the contract of plugins, with a service that is not there."""

from __future__ import annotations

from audiohook_fw_asr_websocket import AsrWebsocket

from audiohook_fw.testing import PluginContract


class TestAsrWebsocket(PluginContract):
    plugin = AsrWebsocket
    settings = {"urls": ["ws://127.0.0.1:9/"], "token": "not to be seen"}  # noqa: RUF012
