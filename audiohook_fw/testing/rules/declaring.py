"""The rule of events: what a plugin says of itself is what it does."""

from __future__ import annotations

from typing import Final

from audiohook_fw.plugin import OF_THE_CORE, event_class, similar_events

from .rule import BrokenError, Rule, Subject
from .scripts import EVENTS, ordinary, play

__all__ = ["DECLARES_EVENTS"]


def _declares_events(subject: Subject) -> None:
    call = play(subject, ordinary)
    plugin = next(loaded for loaded in call._stage.manager.plugins if loaded.name == call.name)
    for event in sorted(plugin.consumes):
        near = similar_events(event, [known.event_type for known in EVENTS])
        if near and event_class(event) is None:
            raise BrokenError(
                f"info.consumes names {event!r}, which no event is called; did you mean {near[0]!r}?",
                "correct it, or name the class",
            )
    for emitted in call.emitted:
        if emitted.event_type not in plugin.emits | OF_THE_CORE:
            raise BrokenError(
                f"it emits {emitted.event_type}, which info.emits does not name",
                f"add {type(emitted).__name__} to PluginInfo(emits=(…)): emitters close before consumers",
            )


DECLARES_EVENTS: Final = Rule(
    "declares-events",
    "`info.emits` names every event that it emits, and `info.consumes` no event that was misspelt.",
    "name in info what it emits and consumes",
    _declares_events,
)
