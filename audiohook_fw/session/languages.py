"""`LanguageWatch`: no audio is taken in a language that no plugin understands."""

from __future__ import annotations

import logging
from typing import Final

from audiohook_fw.plugin import PluginManager, supports_language

from .holds import Hold, Holds

__all__ = ["LanguageWatch"]

logger = logging.getLogger(__name__)

OWNER: Final = "audiohook_fw"
"""Who owns the hold: the core; no plugin has this name."""


class LanguageWatch:
    """Holds a Transcription Connector's stream while its language is absent, or none of the plugins'.

    It never holds the streams of other products, nor any when no plugin told a language. `language` of a
    later `update` ends the hold, or begins it.
    """

    __slots__ = ("_hold", "_holds", "_plugins")

    def __init__(self, plugins: PluginManager, holds: Holds) -> None:
        self._plugins = plugins
        self._holds = holds
        self._hold: Hold | None = None

    def follow(self, language: str | None) -> None:
        """Take or release the hold, as this language asks for."""
        languages = self._plugins.languages
        understood = not languages or supports_language(languages, language)
        if understood and self._hold is not None:
            self._hold.release()
            self._hold = None
            logger.info("the language is understood: the stream goes on")
        elif not understood and self._hold is None:
            self._hold = self._holds.take(OWNER, "no plugin understands the language", "keep")
            logger.info(
                "the stream is paused until an update names a language that a plugin understands (%s)",
                "it names another" if language else "the client named none",
            )
