"""What conditions are read with: the checker, and what the file says for all rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from .checking import Checker
from .index import Sign, beginning
from .nodes import Node
from .numbers import NumberPlan
from .problems import shown

__all__ = ["Reading", "glob", "glob_signs", "has_wildcards", "is_uuid", "listed", "read_zone"]

_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a condition needs.

    Attributes:
        check: collects what is wrong.
        numbers: how national numbers are meant.
        zone: where a `time` names none.
        rule: the rule's name, of which samples are drawn.
    """

    check: Checker
    numbers: NumberPlan
    zone: ZoneInfo | None
    rule: str = ""

    def values(self, node: Node, where: str, what: str) -> list[tuple[Node, str]]:
        """Return one text or several; none when something is wrong."""
        return self.check.texts(node, where, what) or []

    def each(
        self, node: Node, where: str, what: str, read: Callable[[str], object], *, quoted: bool = True
    ) -> list[tuple[str, object]]:
        """Return one text or several, with what `read` makes of them; what raises `ValueError` is noted.

        Not `quoted` are texts that must not get into a log.
        """
        found = []
        for number, (item, text) in enumerate(self.values(node, where, what), 1):
            try:
                found.append((text, read(text)))
            except ValueError as error:
                name = shown(text) if quoted else f"item {number}"
                self.check.note(item.line, where, f"{name} {error}")
        return found


def read_zone(check: Checker, node: Node, where: str) -> ZoneInfo | None:
    """Return a time zone."""
    text = check.text(node, where, "a time zone")
    if text is None:
        return None
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # no such zone, a path out of the database, a directory of it
        check.note(
            node.line,
            where,
            f'{shown(text)} is no time zone; allowed: IANA names such as "Europe/Berlin" or "UTC"',
        )
        return None


def is_uuid(text: str) -> bool:
    """Tell whether a text in small letters has the form of an id."""
    return _UUID.fullmatch(text) is not None


def glob(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return a function that tells whether a text is one of the patterns, with `*` and `?` as wildcards."""
    exact = frozenset(p for p in patterns if not has_wildcards(p))
    prefixes = tuple(p[:-1] for p in patterns if p.endswith("*") and not has_wildcards(p[:-1]))
    others = [p for p in patterns if has_wildcards(p) and p[:-1] not in prefixes]
    if not others and not prefixes:
        return exact.__contains__
    if not others:
        return lambda text: text in exact or text.startswith(prefixes)
    found = re.compile(
        "|".join(re.escape(p).replace(r"\*", ".*").replace(r"\?", ".") for p in others), re.DOTALL
    ).fullmatch
    return lambda text: text in exact or text.startswith(prefixes) or found(text) is not None


def has_wildcards(pattern: str) -> bool:
    """Tell whether a pattern stands for more than itself."""
    return "*" in pattern or "?" in pattern


def glob_signs(kind: str, patterns: Iterable[str]) -> frozenset[Sign] | None:
    """Return the signs of texts that are one of the patterns; `None` when one says not how they begin."""
    signs = set()
    for pattern in patterns:
        start = pattern.removesuffix("*")
        if has_wildcards(start):
            return None
        signs.add((kind, pattern) if start == pattern else (beginning(kind), start))
    return frozenset(signs)


def listed(values: Iterable[str]) -> str:
    """Return values in words, the first few of many."""
    texts = list(values)
    more = f" … ({len(texts)} in all)" if len(texts) > 8 else ""
    return " or ".join(texts[:8]) + more
