"""The plugin keeps the contract of plugins."""

from __future__ import annotations

from audiohook_fw_pocketsphinx import Pocketsphinx

from audiohook_fw.testing import PluginContract


class TestPocketsphinx(PluginContract):
    plugin = Pocketsphinx
    settings = {"processes": 2}  # noqa: RUF012
