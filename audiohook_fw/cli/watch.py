"""`Watch`: look at the files of plugins until a change of theirs is good."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from audiohook_fw.plugin import PluginManager, asked_for

if TYPE_CHECKING:
    from audiohook_fw.config import Loaded

__all__ = ["Root", "Watch", "roots_of"]

logger = logging.getLogger(__name__)

INTERVAL: Final = 0.5  # seconds between two looks

Root = tuple[str, str]
"""A file and "", or a directory and the pattern of the files in it."""


def roots_of(loaded: Loaded, manager: PluginManager) -> tuple[Root, ...]:
    """Return what to watch: the code of plugins named by `-p` or in the folder, and the files of settings.

    Empty when no plugin was named: then there is nothing that somebody works on.
    """
    options = loaded.settings.plugins
    named = asked_for(options.modules)
    roots = [_code_of(plugin.module) for plugin in manager.plugins if plugin.name in named]
    if options.directory is not None:
        roots.append((str(options.directory), "*.py"))
    return (*roots, *((str(path), "") for path in loaded.files)) if roots else ()


def _code_of(module: str) -> Root:
    top = sys.modules[module.partition(".")[0]]
    if not getattr(top, "__file__", None):  # a namespace package belongs to many
        top = sys.modules[module]
    file = str(top.__file__)
    return (os.path.dirname(file), "**/*.py") if hasattr(top, "__path__") else (file, "")


class Watch(threading.Thread):
    """Looks at files until a change of theirs is good, in a thread: the event loop may be blocked.

    Args:
        roots: what to look at.
        check: returns what is wrong with the new version, or "".
        act: called once, in this thread.
        since: when the files were read, in nanoseconds of wall time; what changed from then on is new.
    """

    def __init__(
        self,
        roots: Sequence[Root],
        check: Callable[[], str],
        act: Callable[[], None],
        *,
        since: int,
        interval: float = INTERVAL,
    ) -> None:
        super().__init__(name="audiohook-reload", daemon=True)
        self._roots = roots
        self._check = check
        self._act = act
        self._interval = interval
        self._stopped = threading.Event()
        now = time.time_ns()  # a time to come is a clock's fault, and would be new for ever
        self._seen: Mapping[str, tuple[int, int]] = {
            name: facts for name, facts in self._look().items() if not since < facts[0] <= now
        }

    def run(self) -> None:
        """Look until it was good."""
        last: Mapping[str, tuple[int, int]] = self._seen
        while not self._stopped.wait(self._interval):
            now = self._look()
            if now == self._seen or now != last:  # nothing is new, or it is still being written
                last = now
                continue
            self._seen = now
            problem = self._check()
            if not problem:
                self._act()
                return
            logger.error("%s; the version before stays until the next change", problem)

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def _look(self) -> Mapping[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for root, pattern in self._roots:
            for path in Path(root).glob(pattern) if pattern else (Path(root),):
                try:
                    facts = path.stat()
                except OSError:  # gone, perhaps only while an editor replaces it
                    continue
                found[str(path)] = (facts.st_mtime_ns, facts.st_size)
        return found
