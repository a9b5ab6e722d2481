"""`PackagingRule`: one demand on a distribution as data, and `Finding`: what came of a rule of any kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ..texts import clean
from .package import Package, Source

__all__ = ["Finding", "Needs", "Outcome", "PackagingRule"]


class Outcome(StrEnum):
    """What came of a rule."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """It cannot be judged here; the problem says why."""


class Needs(StrEnum):
    """What a rule needs to be judged; a value of `Package.dynamic` is a need, too."""

    DISTRIBUTION = "distribution"
    CODE = "code"
    TESTS = "tests"
    LOADED = "loaded"


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one rule.

    Attributes:
        kind: `contract` or `packaging`.
        rule: its name. demand: what it asks for.
        outcome: whether it is kept.
        problem: what is wrong, or why it was skipped. mend: what to change.
        plugin: whose contract it is; empty for what is of the whole distribution.
    """

    kind: str
    rule: str
    demand: str
    outcome: Outcome = Outcome.PASSED
    problem: str = ""
    mend: str = ""
    plugin: str = ""

    def __post_init__(self) -> None:
        for name in ("problem", "mend", "plugin"):  # which quote the plugin
            object.__setattr__(self, name, clean(getattr(self, name)))


_UNKNOWN: Final = {
    Needs.DISTRIBUTION: "this is no distribution",
    Needs.CODE: "its files cannot be found",
    Needs.TESTS: "tests are not installed; check the directory with its pyproject.toml",
    Needs.LOADED: "it does not load",
}


@dataclass(frozen=True, slots=True)
class PackagingRule:
    """One rule of packaging.

    Attributes:
        name: in words with hyphens.
        demand: what a distribution must have, in a sentence or two.
        mend: what to change when it has not.
        needs: without which it is skipped; names of dynamic fields of pyproject.toml may be among them.
        function: yields what is wrong.
    """

    name: str
    demand: str
    mend: str
    function: Callable[[Package], Iterator[str]] = field(repr=False)
    needs: tuple[str, ...] = (Needs.DISTRIBUTION,)

    def check(self, package: Package) -> Finding:
        """Put a package to the rule."""
        reason = next((why for need in self.needs if (why := _missing(package, need))), "")
        if reason:
            return Finding("packaging", self.name, self.demand, Outcome.SKIPPED, reason)
        problem = "; ".join(self.function(package))
        if not problem:
            return Finding("packaging", self.name, self.demand)
        return Finding("packaging", self.name, self.demand, Outcome.FAILED, problem, self.mend)


def _missing(package: Package, need: str) -> str:
    """Return why a rule that needs this cannot be judged, if it cannot."""
    if need in package.dynamic:
        return f"pyproject.toml leaves {need} to the build; install it, and check it by its name"
    is_there = {
        Needs.DISTRIBUTION: package.source in (Source.DIRECTORY, Source.INSTALLED),
        Needs.CODE: bool(package.code),
        Needs.TESTS: package.tests is not None,
        Needs.LOADED: bool(package.plugins) and all(about.loaded for about in package.plugins.values()),
    }
    return next((_UNKNOWN[known] for known, there in is_there.items() if known == need and not there), "")
