"""Invariants: counted when they hold, raised when they do not."""

from __future__ import annotations

from collections import Counter

__all__ = ["BrokenError", "Checks"]


class BrokenError(Exception):
    """An invariant is broken.

    Attributes:
        name: which. detail: what was seen. number, behaviour, session: of the call, if it is about one.
    """

    def __init__(
        self, name: str, detail: object = "", *, number: int = 0, behaviour: str = "", session: str = ""
    ) -> None:
        super().__init__(f"broken: {name}: {detail}")
        self.name = name
        self.detail = detail
        self.number = number
        self.behaviour = behaviour
        self.session = session


class Checks:
    """Which invariant was checked how often."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()

    def __call__(self, name: str, holds: object, detail: object = "") -> None:
        """Count an invariant.

        Raises:
            BrokenError: when it does not hold.
        """
        if not holds:
            raise BrokenError(name, detail)
        self.count[name] += 1
