"""Warn of plugins that wait for events which nobody emits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from .events import ContextChanged
from .info import event_names
from .loaded import LoadedPlugin
from .records import PluginRecord, PluginStatus

__all__ = ["note_unheard"]

_OF_THE_CORE: Final = frozenset({ContextChanged.event_type})


def note_unheard(plugins: Iterable[LoadedPlugin], records: Sequence[PluginRecord]) -> None:
    """Note with each active plugin what it consumes and no other active plugin emits.

    Args:
        records: of every plugin that was found: one that does not run may be the one that is missed.
    """
    for plugin in plugins:
        if not plugin.is_active:
            continue
        for event in sorted(plugin.consumes - _OF_THE_CORE):
            sources = [r for r in records if r is not plugin.record and event in event_names(r.info.emits)]
            if any(source.status is PluginStatus.ACTIVE for source in sources):
                continue
            mend = (
                f"{sources[0].name} would, but {sources[0].verdict}" if sources else "install one that does"
            )
            plugin.record.note(f"consumes {event}, but no active plugin emits it; {mend}")
