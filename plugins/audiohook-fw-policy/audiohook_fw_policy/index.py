"""The index of rules: which of a thousand can match a call, found without asking each.

A sign is something that a call has or has not, such as the key `main`, or a called number that begins with
`+49800`. A rule that needs one of some signs is looked at only for calls that have one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from .facts import Facts

__all__ = ["Index", "Sign"]

Sign = tuple[str, str | None]
"""A kind, and a value: `("key", "main")`.

The kinds: fields of `Facts` (`None`: a queue that is not known); `ani*` and `dnis*` for beginnings of
numbers; `custom` followed by a path.
"""

_FIELDS: Final = ("organization", "conversation", "key", "ani", "dnis")
_QUEUE: Final = ("queue_id", "queue_name")


class Index:
    """Where rules stand, by their signs.

    Args:
        signs: of each rule in its order; `None` for one that must always be asked.
    """

    def __init__(self, signs: Iterable[frozenset[Sign] | None]) -> None:
        self._always: list[int] = []
        self._by: dict[Sign, list[int]] = {}
        for position, found in enumerate(signs):
            if found is None:
                self._always.append(position)
            for sign in found or ():
                self._by.setdefault(sign, []).append(position)
        kinds = {kind for kind, _ in self._by}
        self._fields = [field for field in _FIELDS if field in kinds]
        self._queue = [field for field in _QUEUE if field in kinds]
        self._language = "language" in kinds
        self._lengths = [
            (field, kind, sorted({len(value or "") for found, value in self._by if found == kind}))
            for field, kind in (("ani", "ani*"), ("dnis", "dnis*"))
            if kind in kinds
        ]
        self._paths = [
            (kind, kind.removeprefix("custom ")) for kind in sorted(kinds) if kind.startswith("custom ")
        ]

    def candidates(self, facts: Facts) -> Sequence[int]:
        """Return the rules that can match or wait, in their order."""
        if not self._by:
            return self._always
        found = {position for sign in self._signs(facts) for position in self._by.get(sign, ())}
        return sorted([*self._always, *found]) if found else self._always

    def _signs(self, facts: Facts) -> Iterator[Sign]:
        for field in self._fields:
            yield field, getattr(facts, field)
        for name in self._queue:
            yield name, getattr(facts, name) or None
        for of, kind, lengths in self._lengths:
            number = getattr(facts, of)
            for length in lengths:
                yield kind, number[:length]
        if self._language:
            tag = facts.language
            while tag:
                yield "language", tag
                tag = tag.rpartition("-")[0]
        for kind, path in self._paths:
            yield kind, facts.custom_text(path)
