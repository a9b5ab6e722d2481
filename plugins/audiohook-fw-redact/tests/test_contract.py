"""The plugin keeps the contract of plugins, whatever is switched on."""

from __future__ import annotations

from audiohook_fw_redact import Redact

from audiohook_fw import Transcript
from audiohook_fw.testing import PluginContract

EVENTS = (
    Transcript(id="r1", channel="external", text="it is 4111 1111", is_final=False, start=0, length=8000),
    Transcript(id="r1", channel="external", text="it is 4111 1111 1111 1111", start=0, length=16000),
)


class TestRedact(PluginContract):
    plugin = Redact
    events = EVENTS


class TestRedactWithEverything(PluginContract):
    plugin = Redact
    events = EVENTS
    settings = {  # noqa: RUF012
        "kinds": ["card"],
        "patterns": {"badge": r"B-\d{4}"},
        "recognisers": [],
        "languages": ["en"],
        "style": "stars",
        "keep_last": 4,
        "interims": "drop",
        "margin": 0.5,
        "memory": 10,
        "pattern_timeout": 0.1,
        "max_length": 1000,
    }
