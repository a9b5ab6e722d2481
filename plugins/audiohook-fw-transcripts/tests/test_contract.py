"""The plugin keeps the contract of plugins."""

from __future__ import annotations

from audiohook_fw_transcripts import Transcripts

from audiohook_fw import Transcript
from audiohook_fw.testing import PluginContract


class TestTranscripts(PluginContract):
    plugin = Transcripts
    settings = {"save_seconds": 0.1, "print": True}  # noqa: RUF012
    events = (
        Transcript(id="a", channel="external", text="hel", is_final=False, start=0, length=800),
        Transcript(id="a", channel="external", text="hello", start=0, length=1_600),
    )


class TestTranscriptsOfSilence(PluginContract):
    plugin = Transcripts
