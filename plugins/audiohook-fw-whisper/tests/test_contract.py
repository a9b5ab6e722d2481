"""The plugin keeps the contract of plugins; a fake stands for the model, which each rule would load."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from audiohook_fw_whisper import Whisper

from audiohook_fw.testing import PluginContract


class TestWhisper(PluginContract):
    plugin = Whisper

    @pytest.fixture(autouse=True)
    def _model(self, fakes: None, fake_model: Callable[[str], str]) -> None:
        self.settings = {"model_path": fake_model("fine")}
