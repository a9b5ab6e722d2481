"""Load plugins for a call without a server, as the server's loader does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Final

from audiohook_fw.config import LimitsSettings, Loaded
from audiohook_fw.plugin import (
    Event,
    LocalMetrics,
    Metrics,
    PluginManager,
    ServerContext,
    hookimpl,
    load_plugins,
)

__all__ = ["SERVER", "WITNESS", "Witness", "limits_of", "load", "name_of", "named", "options_for"]

WITNESS: Final = "audiohook_witness"
"""The name of the plugin that hears what passes the filters."""

SERVER: Final = ServerContext(version=version("audiohook-fw"), node="test")
"""The server that plugins are told of when there is none."""


@dataclass
class _Options:
    """Which plugins load (`plugins.PluginOptions`): those named here, not what happens to be installed."""

    modules: Sequence[str] = ()
    order: Sequence[str] = ()
    required: Sequence[str] = ()
    enabled: Sequence[str] | None = ()
    disabled: Sequence[str] = ()
    directory: Path | None = None


class Witness:
    """A plugin beside the others: it hears what all of them hear."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    @hookimpl
    def on_event(self, event: Event) -> None:
        """Note an event that passed all filters."""
        self.events.append(event)


def name_of(plugin: object) -> str:
    """Return the name under which a plugin is loaded: of an entry point or file, or made of its own.

    A class `TalkRatio` or `TalkRatioPlugin`, or an instance of it, becomes `talk_ratio`; a module
    `acme.talk` becomes `talk`.
    """
    if isinstance(plugin, str | Path):
        name, equals, _ = str(plugin).partition("=")
        if equals:
            return name.strip()
        return Path(name).stem if name.endswith(".py") else name.partition(":")[0].rpartition(".")[2]
    if isinstance(plugin, ModuleType):
        return plugin.__name__.rpartition(".")[2].strip("_")
    kind = plugin if isinstance(plugin, type) else type(plugin)
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", kind.__name__)
    return "_".join(word.lower() for word in words).removesuffix("_plugin")


def named(plugins: Iterable[object], settings: Iterable[str]) -> dict[str, object]:
    """Return plugins by their names.

    Args:
        settings: the names that have settings.

    Raises:
        TypeError: two have the same name, or there are settings of a plugin that is not there.
    """
    found: dict[str, object] = {}
    for plugin in plugins:
        name = name_of(plugin)
        if name in found:
            raise TypeError(f"two plugins are named {name!r}; name one otherwise: 'other=module:Class'")
        found[name] = plugin
    for name in settings:
        if name not in found:
            there = ", ".join(found) or "none"
            raise TypeError(f"settings of {name!r}, but no plugin is named so; there are: {there}")
    return found


def limits_of(limits: Mapping[str, object] | None) -> LimitsSettings:
    """Return the section `limits`: the defaults, but for what is given; raises `ValidationError`."""
    return LimitsSettings.model_validate(dict(limits or {}))


def options_for(plugins: Mapping[str, object]) -> tuple[_Options, dict[str, object]]:
    """Return the loader's options for plugins by name, and those that are at hand as objects."""
    modules = [f"{p}" if "=" in f"{p}" or name_of(p) == name else f"{name}={p}"
               for name, p in plugins.items() if isinstance(p, str | Path)]  # fmt: skip
    objects = {name: p for name, p in plugins.items() if not isinstance(p, str | Path)}
    return _Options(modules, order=list(plugins), required=list(plugins)), objects


def load(
    plugins: Mapping[str, object],
    sections: Loaded,
    limits: LimitsSettings,
    *,
    clock: Callable[[], float],
    metrics: Metrics | None = None,
    on_fault: Callable[[str, str, BaseException], None] | None = None,
) -> PluginManager:
    """Load plugins by name, in this order; each must load.

    Args:
        plugins: classes, modules and instances; texts are what `-p` takes.

    Raises:
        PluginLoadError: one does not load. PluginConfigError: its settings are wrong.
    """
    options, objects = options_for(plugins)
    return load_plugins(
        options,
        sections.plugin_section,
        limits,
        extra=objects,
        metrics=metrics or LocalMetrics(),
        clock=clock,
        on_fault=on_fault,
    )
