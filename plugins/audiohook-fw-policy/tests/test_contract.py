"""The plugin keeps the contract of plugins: without rules, with rules, and while calls wait."""

from __future__ import annotations

from pathlib import Path

import pytest
from audiohook_fw_policy import Policy

from audiohook_fw.testing import PluginContract


class TestPolicy(PluginContract):
    plugin = Policy


class TestPolicyWithRules(PluginContract):
    plugin = Policy

    @pytest.fixture(autouse=True)
    def _rules(self, tmp_path: Path) -> None:
        path = tmp_path / "rules.yaml"
        path.write_text("default: accept\nrules:\n- {name: one, when: {key: other}, action: reject}\n")
        self.settings = {"file": str(path)}


class TestPolicyThatWaits(PluginContract):
    plugin = Policy

    @pytest.fixture(autouse=True)
    def _rules(self, tmp_path: Path) -> None:
        path = tmp_path / "rules.yaml"
        path.write_text("default: accept-paused\nrules:\n- {name: one, when: {queue: A}, action: accept}\n")
        self.settings = {"file": str(path), "on_failure": "open"}
