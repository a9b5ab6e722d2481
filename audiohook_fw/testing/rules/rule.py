"""`Rule`: one demand of the contract as data, and what it is put to: a `Subject`."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import SupportsIndex, cast

from audiohook_fw.errors import PluginLoadError
from audiohook_fw.plugin import Event
from audiohook_fw.protocol import MediaFormat
from audiohook_fw.stage import VirtualLoop

from ..facts import Facts
from .tried import TriedCall

__all__ = ["BrokenError", "ContractFailure", "NotTriedError", "Rule", "Subject", "ToldError"]

_LOADS = "loads"


class ContractFailure(AssertionError):  # noqa: N818  # a test that fails, not an error of ours
    """Raised when a plugin breaks a rule of the contract.

    Attributes:
        rule: the rule's name.
        problem: what the plugin did.
        mend: what to change.
        final: further rules would show nothing new before this is mended.
    """

    def __init__(self, rule: str, problem: str, mend: str, *, final: bool = False) -> None:
        self.rule = rule
        self.problem = problem
        self.mend = mend
        self.final = final
        super().__init__(rule, problem, mend)

    def __str__(self) -> str:
        return f"contract rule `{self.rule}`: {self.problem}\n  mend: {self.mend}"


class NotTriedError(Exception):
    """Raised when a plugin shows nothing new to a rule: what fails there fails in another rule, which tells.

    Attributes:
        rule: the rule's name.
        reason: why, and which rule tells.
    """

    def __init__(self, rule: str, reason: str) -> None:
        self.rule = rule
        self.reason = reason
        super().__init__(rule, reason)

    def __str__(self) -> str:
        return f"contract rule `{self.rule}`: {self.reason}"


class BrokenError(Exception):
    """What a rule's function raises; with a mend of its own, or the rule's."""

    def __init__(self, problem: str, mend: str = "", *, final: bool = False) -> None:
        self.problem = problem
        self.mend = mend
        self.final = final
        super().__init__(problem, mend)


class ToldError(Exception):
    """What a rule's function raises when another rule tells what is wrong."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        super().__init__(rule)


@dataclass(frozen=True, slots=True)
class Subject:
    """A plugin, and what it needs to show what it does.

    Attributes:
        plugin: as for `CallDriver`.
        settings: as for `CallDriver`.
        name: as for `CallDriver`.
        events: of other plugins, which it needs as input, beside one of each core event.
        facts: of its calls, such as a `dnis` that it accepts.
        rejects: it is to reject these calls.
    """

    plugin: object
    settings: Mapping[str, object] = field(default_factory=dict)
    name: str = ""
    events: Sequence[Event] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    rejects: bool = False

    def __post_init__(self) -> None:
        plugin = self.plugin
        if isinstance(plugin, Path):
            plugin = str(plugin)
        if isinstance(plugin, str) and plugin.endswith(".py"):  # the rules work in other directories
            name, equals, path = plugin.rpartition("=")
            plugin = f"{name}{equals}{Path(path).resolve()}"
        object.__setattr__(self, "plugin", plugin)

    def driver(
        self, *, settings: Mapping[str, object] | None = None, offers: Sequence[MediaFormat] | None = None
    ) -> TriedCall:
        """Make a call of it, which does not raise its faults."""
        facts = {**self.facts, **({} if offers is None else {"offers": offers})}
        return TriedCall(
            self.plugin,
            settings=self.settings if settings is None else settings,
            name=self.name,
            raise_faults=False,
            **cast("Facts", facts),
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the contract.

    Attributes:
        name: in words with hyphens.
        demand: what a plugin must do, in one sentence.
        mend: what to change when it does not.
        function: plays it, and raises `BrokenError`.
    """

    name: str
    demand: str
    mend: str
    function: Callable[[Subject], None] = field(repr=False)

    def check(self, subject: Subject) -> None:
        """Put a plugin to the rule, in an empty working directory that is removed after it.

        Raises:
            ContractFailure: the plugin breaks this rule, or does not load (then of the rule `loads`).
            NotTriedError: all that fails here is told by another rule.
        """
        __tracebackhide__ = True
        try:
            with _workplace(), _no_sleep():
                self.function(subject)
        except BrokenError as broken:
            failure = ContractFailure(self.name, broken.problem, broken.mend or self.mend, final=broken.final)
            raise failure from broken.__cause__
        except ToldError as told:
            reason = f"it fails as it does in `{told.rule}`, where the mend is"
            raise NotTriedError(self.name, reason) from None
        except PluginLoadError as error:
            mend = "change what the message names"
            raise ContractFailure(_LOADS, error.problem, mend, final=True) from error.__cause__


@contextlib.contextmanager
def _no_sleep() -> Iterator[None]:
    """Let `time.sleep` take no time in virtual loops: one rule tells a plugin that it sleeps, none waits."""
    original = time.sleep

    @functools.wraps(original)
    def sleep(seconds: float | SupportsIndex) -> None:
        if not isinstance(asyncio._get_running_loop(), VirtualLoop):
            original(seconds)

    time.sleep = sleep
    try:
        yield
    finally:
        time.sleep = original


@contextlib.contextmanager
def _workplace() -> Iterator[None]:
    """Work in an empty directory: plugins write files, by default to where they are."""
    here = os.getcwd()
    path = sys.path.copy()
    with tempfile.TemporaryDirectory(prefix="audiohook-contract-", ignore_cleanup_errors=True) as directory:
        sys.path[:] = [str(Path(here, entry)) for entry in path]  # "" means the directory we leave
        os.chdir(directory)
        try:
            yield
        finally:
            os.chdir(here)
            if sys.path == [str(Path(here, entry)) for entry in path]:
                sys.path[:] = path
