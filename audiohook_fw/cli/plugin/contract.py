"""The contract, put to a plugin in another process: what crashes or hangs there ends there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from audiohook_fw.testing import RULES

from ..errors import CommandError
from ..packaging import About, Finding, Outcome
from .process import Probing

__all__ = ["Job", "Trial"]

_DEMANDS: Final = {rule.name: rule.demand for rule in RULES}
_MEND: Final = "no plugin may end or stop the process: look where it was"
_MEND_SLOW: Final = "look where it was, and what it waits for; if it just needs longer, say --timeout SECONDS"


@dataclass(frozen=True, slots=True)
class Job:
    """One plugin to try.

    Attributes:
        name: under which it loads. spec: what `-p` takes. value: what its entry point names.
        paths: where its modules are.
        config: a file of settings. set: settings of the plugin's own section.
        facts: of its calls, as texts.
        timeout: seconds for loading, and for each call.
    """

    name: str
    spec: str
    value: str = ""
    paths: tuple[Path, ...] = ()
    config: Path | None = None
    set: Mapping[str, object] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 20.0

    def text(self) -> str:
        """Return it as the process reads it."""
        job = {
            "name": self.name,
            "spec": self.spec,
            "value": self.value,
            "paths": [str(path) for path in self.paths],
            "config": str(self.config) if self.config else "",
            "set": self.set,
            "facts": dict(self.facts),
            "timeout": self.timeout,
        }
        return json.dumps(job, default=str)  # TOML has dates


class Trial:
    """What comes of a job.

    Args:
        told: called with the name of each rule that begins.

    Attributes:
        about: what the plugin is like, as soon as it is known.
    """

    def __init__(self, job: Job, told: Callable[[str], None] = lambda rule: None) -> None:
        self.about = About()
        self._job = job
        self._told = told
        self._step = RULES[0].name
        self._judged: set[str] = set()
        self._why_not = "it does not load"

    def findings(self) -> Iterator[Finding]:
        """Run it: yield a finding for each rule, also for those that could not be tried any more.

        Raises:
            CommandError: the configuration cannot be read.
        """
        end, mend = "", _MEND
        with Probing(self._job.text()) as probing:
            try:
                for message in probing.messages(self._job.timeout):
                    yield from self._take(message)
            except TimeoutError:
                probing.abort()
                end = f"it was not done after {self._job.timeout:g} s, and was ended{probing.place()}"
                mend = _MEND_SLOW
            except EOFError:
                end = f"it ended the process {probing.end()}{probing.place()}"
        yield from self._rest(end, mend)

    def _take(self, message: Mapping[str, object]) -> Iterator[Finding]:
        if "error" in message:
            raise CommandError(str(message["error"]))
        if "about" in message:
            self.about = About(**message["about"])  # type: ignore[arg-type]  # as `probe` made it
            return
        if "rest" in message:
            self._why_not = str(message["rest"])
            return
        rule = str(message["rule"])
        if "skipped" in message:
            yield self._skipped(rule, str(message["skipped"]))
        elif "problem" in message:
            yield self._finding(rule, str(message["problem"]), str(message.get("mend", "")))
        else:
            self._step = rule
            self._told(rule)

    def _rest(self, end: str, mend: str) -> Iterator[Finding]:
        """Yield findings for the rules that were not tried to their end."""
        reason = self._why_not
        if end:
            reason = f"the process ended at {self._step}"
            if self._step not in self._judged:
                yield self._finding(self._step, end, mend)
        for rule in RULES:
            if rule.name not in self._judged:
                yield self._skipped(rule.name, reason)

    def _finding(self, rule: str, problem: str, mend: str) -> Finding:
        self._judged.add(rule)
        outcome = Outcome.FAILED if problem else Outcome.PASSED
        return Finding("contract", rule, _DEMANDS[rule], outcome, problem, mend, self._job.name)

    def _skipped(self, rule: str, reason: str) -> Finding:
        self._judged.add(rule)
        return Finding("contract", rule, _DEMANDS[rule], Outcome.SKIPPED, reason, "", self._job.name)
