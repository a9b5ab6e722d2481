"""What plugins say of languages, as far as `opened` can carry it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

__all__ = ["MAX_LANGUAGES", "read_languages"]

MAX_LANGUAGES: Final = 200
"""Of one plugin, and of all together."""

_LONGEST: Final = 35
"""Characters of a tag; RFC 5646 asks readers for no more (section 4.4.1)."""

_TAG: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)


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
    return isinstance(tag, str) and len(tag) <= _LONGEST and _TAG.fullmatch(tag) is not None
