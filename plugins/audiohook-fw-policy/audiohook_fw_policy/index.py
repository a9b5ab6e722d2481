"""The index of rules: which of a thousand can match a call, found without asking each.

A sign is something that a call has or has not, such as the key `main`, or a called number that begins with
`+49800`. A rule that needs one of some signs is looked at only for calls that have one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Final

from .facts import Facts

__all__ = ["Index", "Sign", "beginning"]

Sign = tuple[str, str | None]
"""A kind, and a value: `("key", "main")`.

The kinds: fields of `Facts` (`None`: a queue that is not known), `custom` followed by a path, and the
`beginning` of each.
"""

_FIELDS: Final = ("organization", "conversation", "key", "ani", "dnis")
_QUEUE: Final = ("queue_id", "queue_name")


def beginning(kind: str) -> str:
    """Return the kind of signs that say how texts of a kind begin."""
    return f"*{kind}"


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
        self._paths = [(kind, _reader(kind)) for kind in kinds if kind.startswith("custom ")]
        self._beginnings = [
            (
                kind,
                _reader(kind[1:]),
                sorted({len(value or "") for found, value in self._by if found == kind}),
            )
            for kind in kinds
            if kind.startswith(beginning(""))
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
        for kind, read, lengths in self._beginnings:
            text = read(facts)
            if text is not None:
                for length in lengths:
                    yield kind, text[:length]
        if self._language:
            tag = facts.language
            while tag:
                yield "language", tag
                tag = tag.rpartition("-")[0]
        for kind, read in self._paths:
            yield kind, read(facts)


def _reader(kind: str) -> Callable[[Facts], str | None]:
    """Return what reads the text of a kind."""
    if kind.startswith("custom "):
        path = kind.removeprefix("custom ")
        return lambda facts: facts.custom_text(path)
    return attrgetter(kind)
