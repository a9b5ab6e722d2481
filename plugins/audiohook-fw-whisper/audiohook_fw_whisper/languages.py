"""Whisper's codes of languages, and the BCP 47 tags that mean them."""

from __future__ import annotations

from typing import Final

__all__ = ["EVERY_TAG", "code_of", "tag_of"]

# fmt: off
_CODES: Final = (
    "en", "zh", "de", "es", "ru", "ko", "fr", "ja", "pt", "tr", "pl", "ca", "nl", "ar", "sv", "it",
    "id", "hi", "fi", "vi", "he", "uk", "el", "ms", "cs", "ro", "da", "hu", "ta", "no", "th", "ur",
    "hr", "bg", "lt", "la", "mi", "ml", "cy", "sk", "te", "fa", "lv", "bn", "sr", "az", "sl", "kn",
    "et", "mk", "br", "eu", "is", "hy", "ne", "mn", "bs", "kk", "sq", "sw", "gl", "mr", "pa", "si",
    "km", "sn", "yo", "so", "af", "oc", "ka", "be", "tg", "sd", "gu", "am", "yi", "lo", "uz", "fo",
    "ht", "ps", "tk", "nn", "mt", "sa", "lb", "my", "bo", "tl", "mg", "as", "tt", "haw", "ln", "ha",
    "ba", "jw", "su",
)
"""Of every multilingual model, as Whisper orders them. Only the newest know Cantonese (`yue`)."""
# fmt: on

_ALIASES: Final = {"nb": "no", "jv": "jw", "fil": "tl", "cmn": "zh", "iw": "he", "in": "id", "ji": "yi"}
"""Tags that Whisper has under another code."""

EVERY_TAG: Final = (*(code for code in _CODES if code != "jw"), *_ALIASES)
"""Tags of all languages of a multilingual model; each stands for all its regions."""


def code_of(tag: str) -> str | None:
    """Return Whisper's code of a BCP 47 tag (`en` of `en-US`), or `None` when it has none."""
    primary = tag.split("-", 1)[0].lower()
    code = _ALIASES.get(primary, primary)
    return code if code in _CODES else None


def tag_of(code: str) -> str:
    """Return the BCP 47 tag of one of Whisper's codes."""
    return "jv" if code == "jw" else code
