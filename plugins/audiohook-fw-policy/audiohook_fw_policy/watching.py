"""`RuleFile`: the rules in force, and the file they come from, which is looked at again and again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from .problems import RuleFileError
from .rule_file import load_rules
from .rules import RuleSet

__all__ = ["RuleFile"]

logger = logging.getLogger(__name__)

Stamp = tuple[int, int, int] | None


class RuleFile:
    """A file whose rules are taken over when it changes; a file that is wrong changes nothing.

    A change counts once two looks in a row see the same file, so that nobody reads one that is being written.
    Disk and parser run in a thread.

    Attributes:
        rules: those in force; `None` while there were none that could be used.
        problem: what is wrong with the file as it is now, in one line; empty when all is well.
    """

    def __init__(self, path: Path, *, every: float, noted: Callable[[str], None]) -> None:
        self.path = path
        self.rules: RuleSet | None = None
        self.problem = ""
        self._every = every
        self._noted = noted
        self._task: asyncio.Task[None] | None = None
        self._read: Stamp = None  # the file that was read last
        self._seen: Stamp = None  # the file as the last look saw it

    async def start(self) -> None:
        """Read the file, and begin to look at it."""
        self._read = self._seen = await asyncio.to_thread(_stamp, self.path)
        await self._load()
        if self._every > 0:
            self._task = asyncio.create_task(self._watch(), name="policy-rules")

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            await self.look()

    async def look(self) -> None:
        """Look at the file once, and read it when it has changed and settled."""
        stamp = await asyncio.to_thread(_stamp, self.path)
        settled, self._seen = stamp == self._seen, stamp
        if settled and stamp != self._read:
            self._read = stamp
            await self._load()

    async def _load(self) -> None:
        try:
            rules = await asyncio.to_thread(load_rules, self.path)
        except RuleFileError as error:
            first = str(error).splitlines()[0] if error.problems else str(self.path)
            more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
            self._failed("invalid", f"{first}{more}; audiohook-fw policy check {self.path} shows all")
        except OSError as error:
            self._failed("unreadable", f"{self.path}: {error.strerror or type(error).__name__}")
        except Exception as error:  # a bug in reading must not end the looking, nor the rules in force
            self._failed("invalid", f"{self.path}: cannot be read ({type(error).__name__})")
        else:
            self.rules, self.problem = rules, ""
            self._noted("loaded")
            logger.info("policy: %d rules of %s are in force", len(rules.rules), self.path)
            for warning in rules.warnings:
                logger.warning("policy: %s:%s", self.path, warning)

    def _failed(self, result: str, problem: str) -> None:
        self.problem = problem
        self._noted(result)
        kept = "the rules of before stay in force" if self.rules is not None else "there are no rules"
        logger.error("policy: %s; %s", problem, kept)


def _stamp(path: Path) -> Stamp:
    """Return what changes when a file does; `None` when there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
