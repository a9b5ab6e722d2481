"""What plugins say of languages: what `opened` can carry of it, and whether a call's is among them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Final

__all__ = ["MAX_LANGUAGES", "offered_languages", "read_languages", "supports_language"]

MAX_LANGUAGES: Final = 200
"""Of one plugin, and of all together."""

ANY_LANGUAGE: Final = "*"
"""What a plugin tells that finds out by itself which language is spoken."""

_LONGEST: Final = 35
"""Characters of a tag; RFC 5646 asks readers for no more (section 4.4.1)."""

_TAG: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)

_OFFERED: Final = re.compile(r"([A-Za-z]{2,3})-([A-Za-z]{2,3})", re.ASCII)
"""The only form that the official client calls a language: `en-US`, not `en`, `es-419` or `zh-Hant`."""


def offered_languages(tags: Iterable[str]) -> list[str]:
    """Return the tags that `opened` can carry, as `en-US`, each once; others are understood, but not told."""
    found = (_OFFERED.fullmatch(tag) for tag in tags)
    pairs = (tag.groups() for tag in found if tag is not None)
    return list(dict.fromkeys(f"{language.lower()}-{region.upper()}" for language, region in pairs))


def supports_language(tags: Collection[str], language: str | None) -> bool:
    """Tell whether a language is among those of the plugins, whatever the case.

    A tag without a region stands for all of its regions, on either side: `en` for `en-US`. `*` among the
    tags stands for all languages, and for a call that names none.
    """
    if ANY_LANGUAGE in tags:
        return True
    if not language:
        return False
    wanted = language.casefold()
    return any(_covers(tag, wanted) or _covers(wanted, tag) for tag in map(str.casefold, tags))


def _covers(wide: str, narrow: str) -> bool:
    return narrow == wide or narrow.startswith(f"{wide}-")


def read_languages(answer: object) -> tuple[list[str], str]:
    """Return the language tags of an answer, and what is wrong with the rest of it: nothing if empty.

    Raises whatever a sequence of the plugin's own raises.
    """
    if answer is None:
        return [], ""
    if isinstance(answer, str | bytes) or not isinstance(answer, Sequence):
        return [], f"must return a sequence of language tags or None, not {type(answer).__name__}"
    given = list(islice(answer, MAX_LANGUAGES + 1))
    tags = [tag for tag in given[:MAX_LANGUAGES] if _is_tag(tag)]
    if len(given) > MAX_LANGUAGES:
        return tags, f"may return {MAX_LANGUAGES} language tags at most; the rest is dropped"
    if len(tags) < len(given):
        return tags, "returned what is no language tag such as en-US; that is dropped"
    return tags, ""


def _is_tag(tag: object) -> bool:
    if not isinstance(tag, str) or len(tag) > _LONGEST:
        return False
    return tag == ANY_LANGUAGE or _TAG.fullmatch(tag) is not None
