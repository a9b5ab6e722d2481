"""Patterns of the operator's own, bound in time: a regular expression may be of the kind that never ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import regex  # type: ignore[import-untyped]  # the standard library's `re` cannot be stopped

from .finding import Finding, UnreadableError

__all__ = ["Patterns", "check_pattern"]

_PROBES: Final = tuple(
    unit * (60 // len(unit)) + end for unit in ("a", "1", " ", "a1", "1 ", "a ", "ab-") for end in ("!", "")
)
_PROBE_SECONDS: Final = 0.5


def check_pattern(name: str, pattern: str) -> None:
    """Check a pattern before it is used.

    Raises:
        ValueError: it is no regular expression, matches the empty text, or does not come to an end.
    """
    try:
        compiled = regex.compile(pattern)
    except regex.error as error:
        raise ValueError(f"{name}: no regular expression: {error}") from None
    try:
        if compiled.fullmatch(""):
            raise ValueError(f"{name}: it matches the empty text; let it ask for at least one character")
        for probe in _PROBES:
            compiled.search(probe, timeout=_PROBE_SECONDS)
            compiled.fullmatch(probe, timeout=_PROBE_SECONDS)
    except TimeoutError:
        raise ValueError(
            f"{name}: it takes too long on some texts; write it without repeats within repeats, such as (a+)+"
        ) from None


class Patterns:
    """The operator's patterns, by name."""

    def __init__(self, patterns: Mapping[str, str], timeout: float) -> None:
        self._patterns = {name: regex.compile(pattern) for name, pattern in patterns.items()}
        self._timeout = timeout

    def find(self, text: str) -> Iterable[Finding]:
        """Find what is to go.

        Raises:
            UnreadableError: a pattern takes too long.
        """
        for name, pattern in self._patterns.items():
            try:
                for match in pattern.finditer(text, timeout=self._timeout):
                    if match.end() > match.start():
                        yield Finding(name, "pattern", match.start(), match.end())
            except TimeoutError:
                raise UnreadableError(f"the pattern {name} takes longer than pattern_timeout") from None
