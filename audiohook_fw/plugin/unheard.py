"""Warn of plugins that wait for events which nobody emits."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Final

from .events import OF_THE_CORE, event_types
from .info import event_names
from .loaded import LoadedPlugin
from .records import PluginRecord, PluginStatus

__all__ = ["note_unheard", "similar_events"]

_ALIKE: Final = 0.75
"""How much of two names must be the same, of 1."""


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
            near = [] if sources else _meant(event, records)
            if sources:
                mend = f"{sources[0].name} would, but {sources[0].verdict}"
            elif near:
                mend = f"did you mean {near[0]!r}?"
            elif event in event_names(plugin.info.optional):
                continue
            else:
                mend = "install one that does"
            plugin.record.note(f"consumes {event}, but no active plugin emits it; {mend}")


def _meant(event: str, records: Sequence[PluginRecord]) -> list[str]:
    known = event_types()
    others = known | {name for record in records for name in event_names(record.info.emits)}
    return [] if event in known else similar_events(event, others)


def similar_events(event: str, names: Iterable[str]) -> list[str]:
    """Return the names that were probably meant, best first; plugins' own names, with a dot, stand apart."""
    alike = [name for name in names if ("." in name) == ("." in event) and name != event]
    return difflib.get_close_matches(event, sorted(alike), cutoff=_ALIKE)
