"""Texts of plugins, made fit to be shown: what they raise may hold anything."""

from __future__ import annotations

__all__ = ["clean"]


def clean(text: str) -> str:
    """Return a text in one line, with escapes for what controls a terminal or is no character at all."""
    if text.isprintable():
        return text
    return "".join(
        char
        if char.isprintable()
        else " "
        if char.isspace()
        else char.encode("unicode_escape").decode("ascii")
        for char in text
    )
