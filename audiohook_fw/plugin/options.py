"""The settings that `plugin/` needs, by shape: the sections `plugins` and `limits` fit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import BaseModel

__all__ = ["PluginLimits", "PluginOptions", "SectionReader"]

M = TypeVar("M", bound=BaseModel)


class SectionReader(Protocol):
    """Reads the settings of one plugin."""

    def __call__(self, name: str, model: type[M], /) -> M:
        """Return the validated section; raises `ConfigError`."""


class PluginOptions(Protocol):
    """Which plugins load, from where, in which order (`[plugins]`)."""

    @property
    def enabled(self) -> Sequence[str] | None:
        """The only plugins that load; `None` for all."""

    @property
    def disabled(self) -> Sequence[str]:
        """Plugins that do not load."""

    @property
    def required(self) -> Sequence[str]:
        """Plugins without which nothing starts."""

    @property
    def order(self) -> Sequence[str]:
        """The plugins to call first, in this order; the others follow by name."""

    @property
    def directory(self) -> Path | None:
        """A directory of one-file plugins."""

    @property
    def modules(self) -> Sequence[str]:
        """What `-p` names: an entry point; `module`, `module:attribute`, `file.py`, `name=…`; `no:NAME`."""


class PluginLimits(Protocol):
    """The bounds and deadlines of plugins (`[limits]`); seconds where nothing else is said."""

    @property
    def lane_seconds(self) -> float:
        """Audio that may wait in one lane."""

    @property
    def lane_bytes(self) -> int:
        """Audio that may wait in all lanes together."""

    @property
    def control_events(self) -> int:
        """Control events that may wait in one lane."""

    @property
    def plugin_events(self) -> int:
        """Plugin events that may wait in one lane."""

    @property
    def faults_in_a_row(self) -> int:
        """Faults in a row that put a plugin in quarantine for the call."""

    @property
    def quarantine_calls(self) -> int:
        """Calls with a quarantine that shut a plugin out of new calls."""

    @property
    def quarantine_blocks(self) -> int:
        """Blocks of the event loop that shut a plugin out of new calls."""

    @property
    def quarantine_window(self) -> float:
        """Within which those calls or blocks must have been."""

    @property
    def startup_timeout(self) -> float:
        """For each `on_startup`."""

    @property
    def shutdown_timeout(self) -> float:
        """For each `on_shutdown`."""

    @property
    def address_timeout(self) -> float:
        """For all `check_address` together."""
