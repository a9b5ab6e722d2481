"""`Heard`: a result of an engine after the checks, its times as indices of received samples.

Engines are other people's code: what they say is checked here, once, and nowhere else.
"""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeGuard

from .types import Result, Word

__all__ = ["GarbageError", "Heard", "HeardWord", "read_result"]

_SLACK: Final = 0.5
"""Seconds that a result may reach beyond what was sent: engines round, and pad with silence."""

_LONGEST: Final = 10_000
"""Characters of one result."""

_MOST_WORDS: Final = 2_000

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)


class GarbageError(Exception):
    """An engine gave what cannot be a result; the text says why, and holds nothing of what it gave."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word, from index `start` to `end`."""

    text: str = field(repr=False)
    start: int
    end: int
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A result, from index `start` to `end`."""

    text: str = field(repr=False)
    is_final: bool
    start: int
    end: int
    confidence: float = 1.0
    language: str = ""
    words: tuple[HeardWord, ...] = field(default=(), repr=False)


def read_result(result: object, base: int, length: int, rate: int) -> Heard:
    """Check a result of audio that began at index `base` and was `length` samples long so far.

    Small faults are put right: times a little outside, a confidence that is none, words that cannot be.

    Raises:
        GarbageError: it cannot be used.
    """
    if not isinstance(result, Result):
        raise GarbageError(f"a result must be a Result, not {type(result).__name__}")
    text = _text(result.text)
    start, end = _span(result.start, result.length, length / rate)
    words: tuple[HeardWord, ...] = ()
    with suppress(GarbageError):  # the text is worth more than the times of its words
        words = _words(result.words, base, length, rate)
    return Heard(
        text,
        bool(result.is_final),
        base + min(round(start * rate), length),
        base + min(round(end * rate), length),
        _confidence(result.confidence),
        _language(result.language),
        words,
    )


def _text(text: object) -> str:
    if not isinstance(text, str):
        raise GarbageError(f"the text of a result is no text but {type(text).__name__}")
    if len(text) > _LONGEST:
        raise GarbageError(f"the text of a result has {len(text)} characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise GarbageError("the text of a result is no Unicode") from None
    return text.strip()


def _span(start: object, length: object, sent: float) -> tuple[float, float]:
    if not _is_number(start) or not _is_number(length):
        raise GarbageError("the times of a result are no numbers")
    if start < -_SLACK or length < 0:
        raise GarbageError("the times of a result are negative")
    if start + length > sent + _SLACK:
        raise GarbageError("a result is about audio that was never sent")
    return max(0.0, start), max(0.0, min(start + length, sent))


def _words(words: object, base: int, length: int, rate: int) -> tuple[HeardWord, ...]:
    if not isinstance(words, tuple | list) or len(words) > _MOST_WORDS:
        raise GarbageError("the words of a result are no tuple of words")
    read = []
    for word in words:
        if not isinstance(word, Word):
            raise GarbageError("a word of a result must be a Word")
        start, end = _span(word.start, word.length, length / rate)
        if text := _text(word.text):
            first = base + min(round(start * rate), length)
            last = base + min(round(end * rate), length)
            read.append(HeardWord(text, first, max(first, last), _confidence(word.confidence)))
    return tuple(sorted(read, key=lambda word: word.start))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _confidence(value: object) -> float:
    return min(1.0, max(0.0, float(value))) if _is_number(value) else 1.0


def _language(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 35 and _LANGUAGE.fullmatch(value) else ""
