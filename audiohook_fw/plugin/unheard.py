"""Warn of plugins that wait for events which nobody emits."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from .events import OF_THE_CORE, event_types
from .info import event_names
from .loaded import LoadedPlugin
from .records import PluginRecord, PluginStatus

__all__ = ["note_unheard", "similar_event"]


def note_unheard(plugins: Iterable[LoadedPlugin], records: Sequence[PluginRecord]) -> None:
    """Note with each active plugin what it consumes and no other active plugin emits.

    Args:
        records: of every plugin that was found: one that does not run may be the one that is missed.
    """
    for plugin in plugins:
        if not plugin.is_active:
            continue
        for event in sorted(plugin.consumes - OF_THE_CORE):
            sources = [r for r in records if r is not plugin.record and event in event_names(r.info.emits)]
            if any(source.status is PluginStatus.ACTIVE for source in sources):
                continue
            mend = (
                f"{sources[0].name} would, but {sources[0].verdict}" if sources else _advice(event, records)
            )
            plugin.record.note(f"consumes {event}, but no active plugin emits it; {mend}")


def _advice(event: str, records: Sequence[PluginRecord]) -> str:
    emitted = {name for record in records for name in event_names(record.info.emits)}
    near = similar_event(event, emitted)
    return f"did you mean {near!r}?" if near else "install one that does"


def similar_event(event: str, others: Iterable[str] = ()) -> str:
    """Return the name that was probably meant by one that no class is registered under; empty if none was."""
    known = event_types()
    near = [] if event in known else difflib.get_close_matches(event, sorted(known | {*others}), n=1)
    return near[0] if near and near[0] != event else ""
