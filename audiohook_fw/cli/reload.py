"""`serve --dev` starts anew when a plugin's file changes, in the same process, with the same key and ports.

A version that does not load is named, and the one before runs on.
"""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from audiohook_fw.plugin import PluginRecord, PluginStatus

from .dev import DevKey
from .errors import lines
from .watch import Root, Watch, roots_of

if TYPE_CHECKING:
    from audiohook_fw.config import Loaded
    from audiohook_fw.errors import AudiohookError
    from audiohook_fw.server import AudiohookServer

__all__ = ["Handover", "Reload", "problem_of"]

logger = logging.getLogger(__name__)

VARIABLE: Final = "AUDIOHOOK_DEV"
"""What one life of the process leaves to the next; taken out of the environment at once."""

_PATIENCE: Final = 30.0  # seconds for a new version to load
_STUCK: Final = 15.0  # seconds for the loop to end the server; it may be what the plugin blocks

_BROKEN: Final = frozenset({PluginStatus.FAILED, PluginStatus.INVALID_CONFIG, PluginStatus.INCOMPATIBLE})


@dataclass(frozen=True, slots=True)
class Handover:
    """What stays the same when the process starts anew."""

    key: DevKey
    port: int
    admin_port: int | None
    roots: tuple[Root, ...] = field(repr=False)

    @classmethod
    def take(cls, env: MutableMapping[str, str]) -> Self | None:
        """Return what the life before left in the environment, and take it out; `None` in the first one."""
        text = env.pop(VARIABLE, "")
        if not text:
            return None
        given = json.loads(text)
        roots = tuple((path, pattern) for path, pattern in given["roots"])
        return cls(DevKey(**given["key"]), given["port"], given["admin_port"], roots)

    def overrides(self) -> Mapping[str, object]:
        """Return the settings of the ports."""
        return {"server.port": self.port, "server.admin_port": self.admin_port}

    def start_anew(self) -> NoReturn:
        """Replace this process by a new one with the same command line; sockets are closed by that."""
        env = {**os.environ, VARIABLE: json.dumps(asdict(self)), "PYTHONDONTWRITEBYTECODE": "1"}
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], env)


def problem_of(args: Sequence[str], present: Sequence[PluginRecord]) -> str:
    """Load the plugins in a process of their own; return what is wrong with a new version, or "".

    Args:
        args: the options of `audiohook-fw plugins`.
        present: what became of the version that runs: what is wrong with it too is nothing new.
    """
    known = {record.name: record.error for record in present}
    command = [sys.executable, "-m", "audiohook_fw", "plugins", "--json", *args]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the new version does not load within {_PATIENCE:g} s"
    try:
        records: list[dict[str, Any]] = json.loads(done.stdout)
    except ValueError:  # it did not come as far as that
        said = [
            line.removeprefix("Error: ") for line in done.stderr.splitlines() if line.startswith("Error: ")
        ]
        return said[0] if said else f"the new version ends the process with status {done.returncode}"
    for record in records:
        name, error = record["name"], record["error"]
        if record["status"] in _BROKEN and known.get(name) != error:
            return f"plugin {name}: {error}"
    return ""


class Reload:
    """Ends the server for a new version, and starts the process anew.

    Args:
        key: stays the same.
        args: the options of `audiohook-fw plugins` that load the same plugins.
        before: of the life before, when this is not the first.

    Attributes:
        key: as given.
        ask: asks the server to end; to be set before `started`, called in the loop.
    """

    def __init__(self, key: DevKey, args: Sequence[str], before: Handover | None) -> None:
        self.key: Final = key
        self.ask: Callable[[], None] = lambda: None
        self._args = args
        self._before = before
        self._began = time.time_ns()
        self._due: Handover | None = None
        self._ended = threading.Event()

    @classmethod
    def begin(cls, config: Path | None, plugins: Sequence[str], plugins_dir: Path | None) -> Self:
        """Begin a life of the process, the first or a further one, with these options of its command."""
        sys.dont_write_bytecode = True  # it is told from its source by whole seconds only
        before = Handover.take(os.environ)
        args = [word for plugin in plugins for word in ("-p", plugin)]
        args += ["-c", str(config)] if config is not None else []
        args += ["--plugins-dir", str(plugins_dir)] if plugins_dir is not None else []
        return cls(before.key if before else DevKey.new(), args, before)

    def overrides(self, loaded: Loaded) -> Mapping[str, object]:
        """Return the settings of the key, and of the ports that the life before had; raises as `DevKey`."""
        ports = self._before.overrides() if self._before else {}
        return {**self.key.overrides(loaded), **ports}

    def started(self, server: AudiohookServer, loaded: Loaded) -> None:
        """Tell that calls are taken, and look at the files of the plugins; to be called in the loop."""
        if roots := roots_of(loaded, server.plugins):
            handover = Handover(self.key, server.port, server.admin_port, roots)
            act = functools.partial(self._end, handover, asyncio.get_running_loop())
            check = functools.partial(problem_of, self._args, server.plugins.records)
            Watch(roots, check, act, since=self._began).start()
        if self._before is None:
            self.key.show(server)
        else:
            plugins = ", ".join(f"{record.name} {record.status}" for record in server.plugins.records)
            logger.info("started anew with the same key; plugins: %s", plugins)

    def is_due(self) -> bool:
        """Tell whether the server ends for a new version."""
        return self._due is not None

    def ended(self) -> None:
        """Note that the server has ended; does not return when it did for a new version."""
        self._ended.set()
        if self._due is not None:
            self._due.start_anew()

    def survive(self, error: AudiohookError) -> None:
        """Wait for a better version after one that did not start; returns in the first life only."""
        if self._before is None:
            return
        for line in lines(error):
            logger.error("%s; the server starts with the next change of a plugin (Ctrl-C ends it)", line)
        good = threading.Event()
        check = functools.partial(problem_of, self._args, ())
        Watch(self._before.roots, check, good.set, since=self._began).start()
        good.wait()
        self._before.start_anew()

    def _end(self, handover: Handover, loop: asyncio.AbstractEventLoop) -> None:
        logger.info("a plugin has changed; the server starts anew, which ends running calls")
        self._due = handover
        loop.call_soon_threadsafe(self.ask)
        if not self._ended.wait(_STUCK):
            logger.error("the server does not end, perhaps a plugin blocks it; it is cut off")
            handover.start_anew()
