"""The plugin: the base with one engine."""

from __future__ import annotations

from collections.abc import Sequence

from audiohook_fw_asr import SpeechRecognition, StreamEngine

from .engine import PocketsphinxEngine
from .settings import PocketsphinxSettings

__all__ = ["Pocketsphinx"]


class Pocketsphinx(SpeechRecognition):
    """Transcribes calls with pocketsphinx."""

    Settings = PocketsphinxSettings
    summary = "Transcribes calls with pocketsphinx"
    settings: PocketsphinxSettings

    def make_engines(self) -> Sequence[StreamEngine]:
        """Return the one engine there is."""
        files = {
            "hmm": self.settings.acoustic_model,
            "lm": self.settings.language_model,
            "dict": self.settings.dictionary,
        }
        options = {name: str(path) for name, path in files.items() if path is not None}
        return [PocketsphinxEngine(options, self.settings.languages, self.settings.processes)]
