"""Which models there are, where, and which one a language gets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .languages import EVERY_TAG, code_of
from .messages import ModelSource

__all__ = ["ANY_LANGUAGE", "Models", "check_source", "source_of"]

ANY_LANGUAGE: Final = "*"
"""The tag of calls whose language the model is to find out."""

_DEFAULT: Final = ""
_NEEDED: Final = ("model.bin", "config.json", "tokenizer.json", "vocabulary.*")
_ENGLISH_TOKENS: Final = 51_864
"""The vocabulary of a model that knows English only; others have more."""


def source_of(place: str) -> ModelSource:
    """Read a setting: a path (it begins with `/`, `.` or `~`) or a name."""
    is_directory = place.startswith(("/", ".", "~"))
    return ModelSource(str(Path(place).expanduser().absolute()) if is_directory else place, is_directory)


def check_source(source: ModelSource) -> str | None:
    """Say what is wrong with a model's directory, or return `None`; a name is not looked up here."""
    if not source.is_directory:
        return None
    directory = Path(source.place)
    if not directory.is_dir():
        return f"{directory} is no directory; it is to hold a Whisper model for CTranslate2"
    if missing := [name for name in _NEEDED if not any(directory.glob(name))]:
        return f"{directory} lacks {', '.join(missing)}; it is to hold a Whisper model for CTranslate2"
    return None


@dataclass(frozen=True, slots=True)
class Models:
    """The models by the tag of their language; the one for all other languages has the empty tag.

    Attributes:
        finds_out: languages that none is for are left to the model of all others, where that is multilingual.
    """

    sources: Mapping[str, ModelSource]
    finds_out: bool = False

    def languages(self) -> tuple[str, ...]:
        """Return the BCP 47 tags of all languages they know, the most likely one first. Reads files."""
        named = [tag for tag in self.sources if tag != _DEFAULT]
        default = self.sources.get(_DEFAULT)
        if default is None:
            return tuple(named)
        if _is_english(default):
            return tuple(dict.fromkeys([*named, "en"]))
        return tuple(dict.fromkeys([*([ANY_LANGUAGE] if self.finds_out else []), *named, *EVERY_TAG]))

    def choose(self, tag: str) -> tuple[str, str] | None:
        """Return the tag of the model for a language, and Whisper's code for it, empty to find it out."""
        if tag == ANY_LANGUAGE:
            return _DEFAULT, ""
        code = code_of(tag)
        lowered = tag.lower()
        for wanted in (lowered, lowered.split("-", 1)[0], _DEFAULT):
            for key in self.sources:
                if key.lower() == wanted:
                    return (key, code) if code is not None else None
        return None


def _is_english(source: ModelSource) -> bool:
    if not source.is_directory:
        return ".en" in source.place
    directory = Path(source.place)
    try:
        if (listed := directory / "vocabulary.json").is_file():
            tokens = len(json.loads(listed.read_text(encoding="utf-8")))
        else:
            tokens = (directory / "vocabulary.txt").read_bytes().count(b"\n")
    except (OSError, ValueError):
        return False  # whoever loads it says what is wrong
    return tokens <= _ENGLISH_TOKENS
