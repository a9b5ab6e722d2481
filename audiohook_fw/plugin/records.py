"""`PluginRecord`: what became of one plugin, as `audiohook-fw plugins` prints it."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from audiohook_fw.errors import AudiohookDeprecationWarning

from .info import PluginInfo

__all__ = ["Delivery", "PluginRecord", "PluginStatus"]

_log: Final = logging.getLogger(__name__)


class PluginStatus(StrEnum):
    """What became of a plugin."""

    ACTIVE = "active"
    DISABLED = "disabled"
    """Switched off by `plugins.disabled` or `-p no:NAME`."""
    BLOCKED = "blocked"
    """Not on the allow-list `plugins.enabled`."""
    INCOMPATIBLE = "incompatible"
    """It asks for another version of audiohook-fw."""
    INVALID_CONFIG = "invalid_config"
    FAILED = "failed"
    """It could not be loaded or started; `error` says what to change."""
    QUARANTINED = "quarantined"
    """It failed in too many calls: new calls go on without its events until the server restarts."""


class Delivery(StrEnum):
    """How a hook of a plugin is called."""

    INLINE = "inline"
    LANE = "lane"
    PROCESS = "process"
    CONNECTION = "connection"
    DECISION = "decision"
    CALL = "call"
    FILTER = "filter"


@dataclass(slots=True, eq=False)
class PluginRecord:
    """What became of one plugin; changes when it fails or is quarantined.

    Attributes:
        name: the entry point's name; also the name of its section of the configuration.
        distribution: the distribution it came from; empty for modules and files.
        version: that distribution's version; empty for modules and files.
        source: where it is: an entry point's value, a module, or a file name.
        status: what became of it.
        error: one sentence that says what to change; empty while all is well.
        hooks: its hooks and how each is called. A handler's hooks are listed when `create_handler`
            says in its annotation what it returns, else from the first call on.
        info: what it says about itself.
        order: its place in the order of calls, 0 first; -1 when it is not called.
        notes: what is not well though it runs, each as words that follow its name; logged as warnings.
    """

    name: str
    distribution: str = ""
    version: str = ""
    source: str = ""
    status: PluginStatus = PluginStatus.ACTIVE
    error: str = ""
    hooks: dict[str, Delivery] = field(default_factory=dict)
    info: PluginInfo = field(default_factory=PluginInfo)
    order: int = -1
    notes: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """The status as the words that follow a plugin's name: `failed`, `is disabled`."""
        match self.status:
            case PluginStatus.FAILED:
                return "failed"
            case PluginStatus.INVALID_CONFIG:
                return "has wrong settings"
        return f"is {self.status}"

    def fail(self, status: PluginStatus, error: str) -> None:
        """Note that the plugin is out, and why, in one sentence."""
        self.status = status
        self.error = error

    def note(self, text: str) -> bool:
        """Note and log something that is not well, the first time; tell whether it was."""
        if text in self.notes:
            return False
        self.notes.append(text)
        _log.warning("plugin %s %s", self.name, text)
        return True

    def deprecate(self, text: str) -> None:
        """Note, log and warn of something that will not go on working."""
        if self.note(text):
            warnings.warn(f"plugin {self.name} {text}", AudiohookDeprecationWarning, stacklevel=2)
