"""The upgrade request as authentication sees it: no framework's types, raw values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

__all__ = ["HeaderFields", "HeaderSource", "UpgradeRequest"]

_FOLD = re.compile(r"\r?\n(?=[ \t])")


@runtime_checkable
class SupportsItems(Protocol):
    """A mapping or multi-mapping: `items` yields every field line, repeated names included."""

    def items(self) -> Iterable[tuple[str, str]]: ...


HeaderSource = SupportsItems | Iterable[tuple[str, str]]
"""Headers as (name, value) pairs or as a (multi-)mapping."""


@dataclass(frozen=True, slots=True)
class UpgradeRequest:
    """One HTTP upgrade request, before anything about it is believed.

    Attributes:
        method: `GET`.
        target: path and query exactly as on the wire, not decoded (aiohttp: `request.raw_path`).
        peer: address of the TCP peer, `""` when there is none.
        headers: every field line. Hidden from `repr`: it holds the API key and the signature.
    """

    method: str
    target: str = field(repr=False)
    peer: str
    headers: HeaderSource = field(repr=False)


class HeaderFields:
    """Header field lines by lower-case name, trimmed, with line folds replaced by one space.

    Source: protocol 1.4 (header values).
    """

    __slots__ = ("_lines",)

    def __init__(self, headers: HeaderSource) -> None:
        self._lines: dict[str, list[str]] = {}
        for name, value in headers.items() if isinstance(headers, SupportsItems) else headers:
            self._lines.setdefault(name.lower(), []).append(_unfold(value))

    def lines(self, name: str) -> Sequence[str]:
        """Return the values of every line of that (lower-case) name, in order of arrival."""
        return self._lines.get(name, ())

    def joined(self, name: str) -> str | None:
        """Return the lines of that name joined with `, `, or `None` when there is none."""
        lines = self._lines.get(name)
        return None if lines is None else ", ".join(lines)

    def repeated(self, name: str) -> bool:
        """Tell whether more than one line has that name."""
        return len(self._lines.get(name, ())) > 1

    def names(self) -> Iterable[str]:
        """Return the lower-case names."""
        return self._lines.keys()


def _unfold(value: str) -> str:
    # Split and strip, not one pattern for the whole fold: that one is quadratic in blanks.
    if "\n" not in value:
        return value.strip(" \t")
    return " ".join(part.strip(" \t") for part in _FOLD.split(value)).strip(" \t")
