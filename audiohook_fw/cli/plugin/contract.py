"""The contract, put to a plugin in another process: what crashes or hangs there ends there."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from audiohook_fw.testing import RULES

from ..errors import CommandError
from ..packaging import About, Finding, Outcome

__all__ = ["Job", "Trial"]

_FRAME: Final = re.compile(r'^  File "(?P<file>.+)", line (?P<line>\d+) in (?P<function>\S+)', re.M)
_FOREIGN: Final = (sysconfig.get_path("stdlib"), str(Path(__file__).parents[2]))
"""Where code is nobody's fault: Python's own, and ours."""
_DYING: Final = 5.0
"""Seconds that a process gets to tell where it is."""
_DEMANDS: Final = {rule.name: rule.demand for rule in RULES}


@dataclass(frozen=True, slots=True)
class Job:
    """One plugin to try.

    Attributes:
        name: under which it loads. spec: what `-p` takes. value: what its entry point names.
        paths: where its modules are.
        config: a file of settings. set: settings of the plugin's own section.
        timeout: seconds for each step.
    """

    name: str
    spec: str
    value: str = ""
    paths: tuple[Path, ...] = ()
    config: Path | None = None
    set: Mapping[str, object] = field(default_factory=dict)
    timeout: float = 120.0

    def text(self) -> str:
        """Return it as the process reads it."""
        job = {
            "name": self.name,
            "spec": self.spec,
            "value": self.value,
            "paths": [str(path) for path in self.paths],
            "config": str(self.config) if self.config else "",
            "set": self.set,
        }
        return json.dumps(job, default=str)  # TOML has dates


class Trial:
    """What comes of a job.

    Args:
        told: called with the name of each rule that begins.

    Attributes:
        about: what the plugin is like, as soon as it is known.

    Raises:
        CommandError: the configuration cannot be read.
    """

    def __init__(self, job: Job, told: Callable[[str], None] = lambda rule: None) -> None:
        self.about = About(error="it was not loaded")
        self._job = job
        self._told = told

    def findings(self) -> Iterator[Finding]:
        """Run it: yield a finding for each rule, also for those that could not be tried any more."""
        step, judged, end = RULES[0].name, set[str](), ""
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
            process = _start(self._job, errors)
            try:
                for message in _messages(process, self._job.timeout):
                    if "about" in message:
                        self.about = About(**message["about"])
                    elif "problem" in message:
                        judged.add(message["rule"])
                        yield self._finding(**message)
                    else:
                        step = message["rule"]
                        self._told(step)
            except TimeoutError:
                _abort(process)
                end = f"it was not done after {self._job.timeout:g} s, and was ended"
            except EOFError:
                end = f"it ended the process {_how(process.wait())}"
            finally:
                _kill(process)
            if end:
                end += _last_place(errors)
        yield from self._rest(step, judged, end)

    def _rest(self, step: str, judged: set[str], end: str) -> Iterator[Finding]:
        """Yield findings for the rules that were not tried to their end."""
        reason = "it does not load"
        if end and step not in judged:
            judged.add(step)
            yield self._finding(step, end, "no plugin may end or stop the process: look where it was")
            reason = f"the process ended at {step}"
        for rule in RULES:
            if rule.name not in judged:
                yield Finding("contract", rule.name, rule.demand, Outcome.SKIPPED, reason, "", self._job.name)

    def _finding(self, rule: str, problem: str, mend: str = "") -> Finding:
        outcome = Outcome.FAILED if problem else Outcome.PASSED
        return Finding("contract", rule, _DEMANDS[rule], outcome, problem, mend, self._job.name)


def _start(job: Job, errors: IO[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-m", f"{__package__}.probe"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        start_new_session=True,  # so that what it starts ends with it
    )
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it ended already, which its exit status tells
        process.stdin.write(job.text())
        process.stdin.close()
    return process


def _messages(process: subprocess.Popen[str], timeout: float) -> Iterator[Mapping[str, Any]]:
    """Yield what the process says until it is done.

    Raises:
        TimeoutError: it says nothing for so long. EOFError: it ended before it was done.
        CommandError: the configuration cannot be read.
    """
    assert process.stdout is not None
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError from None
        if line is None:
            raise EOFError
        message = json.loads(line)
        if "error" in message:
            raise CommandError(message["error"])
        if "done" in message:
            return
        yield message


def _read(stream: Iterable[str], lines: queue.SimpleQueue[str | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _abort(process: subprocess.Popen[str]) -> None:
    """Let the process write where it is, and end."""
    process.send_signal(signal.SIGABRT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_DYING)


def _kill(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _how(status: int) -> str:
    return f"with exit status {status}" if status >= 0 else f"by {signal.Signals(-status).name}"


def _last_place(errors: IO[str]) -> str:
    """Return where the process was, from what its fault handler wrote, ready to follow a sentence."""
    errors.seek(0)
    text = errors.read()
    for frame in _FRAME.finditer(text):
        if not frame["file"].startswith(_FOREIGN) and Path(frame["file"]).is_absolute():
            return f"; it was at {frame['file']}:{frame['line']} in {frame['function']}"
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    return f"; the last that it said: {last.strip()[:200]}" if last else ""
