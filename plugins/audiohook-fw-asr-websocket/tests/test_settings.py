"""The section of the configuration."""

from __future__ import annotations

from typing import Any

import pytest
from audiohook_fw_asr_websocket import AsrWebsocket, AsrWebsocketSettings
from pydantic import ValidationError

from audiohook_fw import PluginError
from audiohook_fw.testing import CallDriver


def test_without_a_url_the_plugin_fails_and_says_what_to_set() -> None:
    call = CallDriver(AsrWebsocket)
    with pytest.raises(PluginError, match=r"set plugins\.asr_websocket\.urls"):
        call.open()
    call.shutdown()


@pytest.mark.parametrize("urls", [["https://asr.example.com"], ["asr.example.com"], ["ws:///path"]])
def test_wrong_urls(urls: list[str]) -> None:
    with pytest.raises(ValidationError, match=r"urls|WebSocket URLs, such as wss"):
        AsrWebsocketSettings.model_validate({"urls": urls})


def test_secrets_are_not_shown() -> None:
    section: dict[str, Any] = {"urls": ["wss://a"], "token": "hidden", "headers": {"X-Api-Key": "hidden too"}}
    assert "hidden" not in repr(AsrWebsocketSettings.model_validate(section))


def test_an_engine_for_each_url() -> None:
    section = {"urls": ["wss://a/", "wss://b/"], "rate": 8000, "languages": ["de-DE"], "token": "x"}
    engines = AsrWebsocket(AsrWebsocketSettings.model_validate(section)).make_engines()
    assert [(engine.rate, list(engine.languages)) for engine in engines] == [(8000, ["de-DE"])] * 2
