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

    @property
    def size(self) -> int:
        """How many single conditions there are in it."""
        return sum(part.size for part in self.parts) or 1


def all_of(parts: Sequence[Condition], name: str = "all") -> Condition:
    """Return the condition that all hold."""
    signs = min((part.signs for part in parts if part.signs is not None), key=len, default=None)
    return Condition(name, "", _joined(parts, _both), tuple(parts), signs, _need_queue(parts))


def any_of(parts: Sequence[Condition]) -> Condition:
    """Return the condition that at least one holds."""
    found = [part.signs for part in parts if part.signs is not None]
    signs = frozenset[Sign]().union(*found) if len(found) == len(parts) else None
    return Condition("any", "", _joined(parts, _either), tuple(parts), signs, _need_queue(parts))


def none_of(part: Condition) -> Condition:
    """Return the condition that one does not hold."""
    inner = part.test

    def test(facts: Facts) -> bool | None:
        answer = inner(facts)
        return None if answer is None else not answer

    return Condition("not", "", test, (part,), needs_queue=part.needs_queue)


def _need_queue(parts: Sequence[Condition]) -> bool:
    return any(part.needs_queue for part in parts)


def _both(one: Test, two: Test) -> Test:
    def test(facts: Facts) -> bool | None:
        first = one(facts)
        if first is False:
            return False
        second = two(facts)
        return second if first or second is False else None

    return test


def _either(one: Test, two: Test) -> Test:
    def test(facts: Facts) -> bool | None:
        first = one(facts)
        if first:
            return True
        second = two(facts)
        return second if second or first is False else None

    return test


def _joined(parts: Sequence[Condition], pair: Callable[[Test, Test], Test]) -> Test:
    """Return one test of all, as a tree of pairs.

    What asks least comes first: it often settles the matter, and the order changes no answer.
    """

    def join(tests: Sequence[Test]) -> Test:
        if len(tests) == 1:
            return tests[0]
        half = len(tests) // 2
        return pair(join(tests[:half]), join(tests[half:]))

    return join([part.test for part in sorted(parts, key=lambda part: part.size)])


ALWAYS = Condition("always", "", lambda _: True)
"""Holds for every call: a rule without `when`."""
