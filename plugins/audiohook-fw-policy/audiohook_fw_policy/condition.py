"""`Condition`: one compiled condition, and what holds when several are combined.

A test answers `True`, `False`, or `None` for "not known yet": what asks for the queue waits for it, but only
where the answer hangs on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .facts import Facts
from .index import Sign

__all__ = ["ALWAYS", "Condition", "Test", "all_of", "any_of", "none_of"]

Test = Callable[[Facts], bool | None]


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of a call.

    Attributes:
        name: as it is written: `queue`, `all` …
        text: what is asked for, in words; empty for combinations.
        test: the compiled question.
        parts: of a combination.
        signs: of which a call has one, or the answer is no; `None` when there are none. See `index`.
        needs_queue: the answer may hang on the queue.
    """

    name: str
    text: str
    test: Test
    parts: tuple[Condition, ...] = ()
    signs: frozenset[Sign] | None = None
    needs_queue: bool = False


def all_of(parts: Sequence[Condition], name: str = "all") -> Condition:
    """Return the condition that all hold."""
    tests = tuple(part.test for part in parts)

    def test(facts: Facts) -> bool | None:
        result: bool | None = True
        for each in tests:
            answer = each(facts)
            if answer is False:
                return False
            if answer is None:
                result = None
        return result

    signs = min((part.signs for part in parts if part.signs is not None), key=len, default=None)
    only = tests[0] if len(tests) == 1 else test
    return Condition(name, "", only, tuple(parts), signs, any(part.needs_queue for part in parts))


def any_of(parts: Sequence[Condition]) -> Condition:
    """Return the condition that at least one holds."""
    tests = tuple(part.test for part in parts)

    def test(facts: Facts) -> bool | None:
        result: bool | None = False
        for each in tests:
            answer = each(facts)
            if answer:
                return True
            if answer is None:
                result = None
        return result

    found = [part.signs for part in parts if part.signs is not None]
    signs = frozenset[Sign]().union(*found) if len(found) == len(parts) else None
    return Condition("any", "", test, tuple(parts), signs, any(part.needs_queue for part in parts))


def none_of(part: Condition) -> Condition:
    """Return the condition that one does not hold."""
    inner = part.test

    def test(facts: Facts) -> bool | None:
        answer = inner(facts)
        return None if answer is None else not answer

    return Condition("not", "", test, (part,), needs_queue=part.needs_queue)


ALWAYS = Condition("always", "", lambda _: True)
"""Holds for every call: a rule without `when`."""
