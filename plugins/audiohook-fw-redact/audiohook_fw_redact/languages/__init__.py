"""The words of each language; a language that is added here is known everywhere."""

from __future__ import annotations

from typing import Final

from .english import ENGLISH
from .language import Language, Topic

__all__ = ["LANGUAGES", "Language", "Topic", "language_for"]

LANGUAGES: Final = {"en": ENGLISH}


def language_for(tag: str, wanted: tuple[str, ...]) -> Language:
    """Return the words for a language tag such as `en-US`, or those of the first language that is wanted."""
    code = tag.partition("-")[0].partition("_")[0].lower()
    return LANGUAGES[code if code in wanted else wanted[0]]
