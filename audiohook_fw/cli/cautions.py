"""What is not wrong enough to keep a server from starting, and yet not as it should be."""

from __future__ import annotations

import difflib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from audiohook_fw.config import REDACTED, show
from audiohook_fw.errors import ConfigError
from audiohook_fw.plugin import PluginStatus

if TYPE_CHECKING:
    from audiohook_fw.config import Loaded
    from audiohook_fw.plugin import PluginManager

__all__ = ["cautions", "unknown_sections"]

_BROKEN: Final = (PluginStatus.FAILED, PluginStatus.INVALID_CONFIG, PluginStatus.INCOMPATIBLE)
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def cautions(loaded: Loaded, manager: PluginManager) -> Iterator[str]:
    """Yield a sentence for each thing that is not as it should be.

    These are: sections that nobody reads; plugins that the configuration names and that do not run; filters
    without which the server would go on, and let everything through; files of secrets that others may read.
    """
    for error in unknown_sections(loaded, manager):
        yield str(error)
    sections = loaded.plugin_sections()
    for record in manager.records:
        if record.name in sections and record.status is PluginStatus.BLOCKED:
            yield f"plugins.{record.name}: has no effect, since the plugin is {record.error}"
    yield from _not_running(loaded, manager)
    yield from _dispensable_filters(loaded, manager)
    for path in loaded.files:
        if _is_open(path) and _holds_secrets(path, loaded, manager):
            yield f"{path} holds secrets, and not only its owner may read it; chmod 600 {path}"


def _not_running(loaded: Loaded, manager: PluginManager) -> Iterator[str]:
    """Yield a sentence for each plugin that is named somewhere, and did not load."""
    options = loaded.settings.plugins
    named = {*loaded.plugin_sections(), *options.order, *(options.enabled or ())}
    for record in manager.records:
        if record.name in named and record.status in _BROKEN:
            yield (
                f"plugins.{record.name}: the plugin {record.verdict}, and the server goes on without it; put "
                f"{record.name} into plugins.required if it must not"
            )


def _dispensable_filters(loaded: Loaded, manager: PluginManager) -> Iterator[str]:
    """Yield a sentence for each filter without which the server would start and let everything through."""
    options = loaded.settings.plugins
    for record in manager.records:
        is_filter = record.status is PluginStatus.ACTIVE and "filter_event" in record.hooks
        if is_filter and record.name not in (*options.required, *options.modules):
            yield (
                f"plugins.required: {record.name} filters what others get to see; put it here, or a server "
                "in which it does not load goes on and lets everything through"
            )


def unknown_sections(loaded: Loaded, manager: PluginManager) -> Iterator[ConfigError]:
    """Yield an error for each section of a plugin that was not found."""
    known = [record.name for record in manager.records]
    for name in loaded.plugin_sections():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"found are: {', '.join(known) or 'none'}"
            setting = f"plugins.{name}"
            problem = f"there is no plugin of this name; {hint}"
            yield ConfigError(setting, problem, source=loaded.source_of(setting))


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:  # gone since it was read
        return False


def _holds_secrets(path: Path, loaded: Loaded, manager: PluginManager) -> bool:
    models = {plugin.name: type(plugin.settings) for plugin in manager.plugins if plugin.settings is not None}
    return any(
        shown.source.startswith(f"{path}, ")
        and (shown.value == REDACTED or (isinstance(shown.value, list) and REDACTED in shown.value))
        for shown in show(loaded, models)
    )
