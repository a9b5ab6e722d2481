"""The plugin keeps the contract of plugins."""

from __future__ import annotations

from pathlib import Path

import pytest
from audiohook_fw_sessions import Sessions

from audiohook_fw.testing import PluginContract


class TestSessions(PluginContract):
    plugin = Sessions

    @pytest.fixture(autouse=True)
    def _elsewhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
