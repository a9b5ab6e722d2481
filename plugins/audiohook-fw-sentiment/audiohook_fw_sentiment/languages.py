"""Which language tags stand for which."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["understands"]


def understands(tags: Iterable[str], language: str) -> bool:
    """Tell whether one of an engine's tags covers a language: `en` covers `en-US`, `*` covers all."""
    wanted = language.replace("_", "-").lower()
    if not wanted:
        return False
    covers = (tag.replace("_", "-").lower() for tag in tags)
    return any(tag == "*" or (tag and f"{wanted}-".startswith(f"{tag}-")) for tag in covers)
