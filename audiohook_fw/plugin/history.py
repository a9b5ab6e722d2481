"""How the hooks changed: with it, plugins written for older ones still run, and are told what to change.

A hook that gains an argument needs no entry: plugins name the arguments they take, and new ones come last.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["HISTORY", "Deprecation", "HookHistory"]


@dataclass(frozen=True, slots=True)
class Deprecation:
    """A name that plugins should leave, and until when it still works.

    Attributes:
        since: the version of audiohook-fw that warns of it first.
        until: the first version that knows it no more.
        use: the name that took its place; empty when nothing did: until then all is as before.
        advice: what to do instead, when there is no other name.
    """

    since: str
    until: str
    use: str = ""
    advice: str = ""

    def sentence(self, what: str) -> str:
        """Return what is wrong with `what`, as words that follow a plugin's name."""
        if self.use:
            return f"{what}, which is named {self.use} since {self.since} and gone in {self.until}; rename it"
        return f"{what}, which is deprecated since {self.since} and gone in {self.until}; {self.advice}"


@dataclass(frozen=True, slots=True)
class HookHistory:
    """What became of the names of hooks and of their arguments.

    Attributes:
        hooks: deprecated hooks by name: renamed ones, and those about to go, which are still specified.
        arguments: deprecated arguments by the hook's present name and their own.
        removed: hooks that are gone, each with what to do instead.
    """

    hooks: Mapping[str, Deprecation] = field(default_factory=dict)
    arguments: Mapping[tuple[str, str], Deprecation] = field(default_factory=dict)
    removed: Mapping[str, str] = field(default_factory=dict)

    def current(self, hook: str) -> str:
        """Return the present name of a hook."""
        change = self.hooks.get(hook)
        return change.use if change is not None and change.use else hook

    def older(self, hook: str) -> tuple[str, ...]:
        """Return the former names of a hook."""
        return tuple(name for name, change in self.hooks.items() if change.use == hook)

    def aliases(self, hook: str) -> tuple[tuple[str, str], ...]:
        """Return the former and the present name of each renamed argument of a hook."""
        return tuple(
            (old, change.use) for (of, old), change in self.arguments.items() if of == hook and change.use
        )

    def uses(self, name: str, function: Callable[..., object], where: str = "") -> Iterator[str]:
        """Yield a sentence for each deprecated name in a hook function.

        Args:
            name: the hook, as the plugin calls it. where: what stands before that name (`Handler.`).
        """
        if name in self.hooks:
            yield self.hooks[name].sentence(f"has {where}{name}")
        taken = inspect.signature(function).parameters
        for (hook, argument), change in self.arguments.items():
            if hook == self.current(name) and argument in taken:
                yield change.sentence(f"takes {argument!r} in {where}{name}")


HISTORY: Final = HookHistory()
"""The changes of the hooks in `hookspecs`; `HOOK_API_VERSION` counts what is in `removed`."""
