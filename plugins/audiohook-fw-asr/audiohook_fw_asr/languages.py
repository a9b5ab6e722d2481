"""Which of an engine's languages fits a call's."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["match_language"]


def match_language(wanted: str, known: Iterable[str]) -> str | None:
    """Return the tag among `known` that fits best, or `None`.

    The same tag (in any case) first; else one without a region (`en` fits `en-US`); and a call that names
    no region (`en`) takes the first of its language. `en-GB` does not fit `en-US`. `*` fits what
    nothing else does.
    """
    tags = list(known)
    wanted = wanted.casefold()
    for tag in tags:
        if tag.casefold() == wanted:
            return tag
    prefixes = [wanted[:at] for at in range(len(wanted) - 1, 0, -1) if wanted[at] == "-"]
    for prefix in prefixes:
        for tag in tags:
            if tag.casefold() == prefix:
                return tag
    fitting = (tag for tag in tags if wanted and tag.casefold().startswith(f"{wanted}-"))
    return next(fitting, "*" if "*" in tags else None)
