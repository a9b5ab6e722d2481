"""Configuration and plugins as commands see them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import BaseModel

from audiohook_fw.config import Loaded, load
from audiohook_fw.plugin import PluginManager, PluginStatus, load_plugins

from .errors import warn

if TYPE_CHECKING:
    from audiohook_fw.plugin import PluginRecord

__all__ = ["NO_KEYS", "Installed", "load_config", "look_at_plugins", "takes_calls", "warn_of"]

NO_KEYS: Final = (
    "auth.keys: there is no API key, so nobody can connect; put one into audiohook.toml "
    "(audiohook-fw config init writes the file, audiohook-fw keys new makes a key), "
    "or play with audiohook-fw serve --dev"
)
"""Why a server without keys does not start, and what to do."""

M = TypeVar("M", bound=BaseModel)


def load_config(
    config: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    *,
    plugins: Sequence[str] = (),
    plugins_dir: Path | None = None,
) -> Loaded:
    """Read the configuration.

    Args:
        config: the file that was named. overrides: other settings of the command line.
        plugins, plugins_dir: what `-p` and `--plugins-dir` gave; the first adds to `plugins.modules`,
            which may lie in the working directory.

    Raises:
        ConfigErrors: as `load`.
    """
    given = {**(overrides or {}), "plugins.directory": None if plugins_dir is None else str(plugins_dir)}
    loaded = load(config, given)
    if plugins:
        modules = [*loaded.settings.plugins.modules, *plugins]
        loaded = load(config, {**given, "plugins.modules": modules})
    if loaded.settings.plugins.modules and "" not in sys.path:
        sys.path.append("")  # a module in the working directory; last, so that it hides nothing
    return loaded


def warn_of(loaded: Loaded) -> Loaded:
    """Warn of settings that have no effect, and return the configuration."""
    for text in loaded.warnings:
        warn(text)
    return loaded


@dataclass(frozen=True, slots=True)
class Installed:
    """What the plugins that were found are like.

    Attributes:
        manager: as a server would have it.
        models: the settings of each plugin that has some, whether they are right or not.
        notes: what the loader warned of.
    """

    manager: PluginManager
    models: Mapping[str, type[BaseModel]]
    notes: Sequence[str]

    @property
    def records(self) -> tuple[PluginRecord, ...]:
        """What became of each plugin."""
        return self.manager.records


def look_at_plugins(loaded: Loaded, *, required: bool = False, asked: Sequence[str] = ()) -> Installed:
    """Load the plugins as a server would, but start none.

    Args:
        required: raise for a required plugin that is missing or broken, as a server does.
        asked: what `-p` gave; raise for what is missing or broken of it.

    Raises:
        PluginError: only with `required` or `asked`. ConfigError: `plugins.directory` is no directory.
    """
    models: dict[str, type[BaseModel]] = {}

    def section(name: str, model: type[M]) -> M:
        if model.model_fields:
            models[name] = model
        return loaded.plugin_section(name, model)

    options = loaded.settings.plugins
    if not required:
        options = options.model_copy(update={"required": []})
    with _captured() as notes:
        manager = load_plugins(options, section, loaded.settings.limits, asked=asked)
    return Installed(manager, models, tuple(notes.texts))


def takes_calls(loaded: Loaded, manager: PluginManager) -> bool:
    """Tell whether anybody can connect: there is a key, or a plugin that finds some."""
    return bool(loaded.settings.auth.keys) or any(
        record.status is PluginStatus.ACTIVE and "find_credential" in record.hooks
        for record in manager.records
    )


@dataclass(eq=False)
class _Notes(logging.Handler):
    """Keeps warnings; errors stand in the records already."""

    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno == logging.WARNING:
            if getattr(record, "at_once", False):  # somebody is kept waiting, perhaps for ever
                warn(record.getMessage())
            else:
                self.texts.append(record.getMessage())


@contextmanager
def _captured() -> Iterator[_Notes]:
    """Keep what is logged to ourselves, also from Python's handler of last resort."""
    root, notes = logging.getLogger(), _Notes()
    others, root.handlers = root.handlers, [notes]
    try:
        yield notes
    finally:
        root.handlers = others
