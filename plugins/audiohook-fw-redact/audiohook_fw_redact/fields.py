"""Change every text in some fields of an event, however deep it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from audiohook_fw import Event, PluginError

__all__ = ["change_texts"]

E = TypeVar("E", bound=Event)


def change_texts(event: E, names: Iterable[str], change: Callable[[str], str]) -> E:
    """Return an event with all texts in these fields changed, or the event itself if they stay as they are.

    Raises:
        PluginError: the event has no such field.
    """
    fields = type(event).model_fields
    changed: dict[str, Any] = {}
    for name in names:
        if name not in fields:
            problem = f"events of type {event.event_type} have no field {name}; see plugins.redact.events"
            raise PluginError("redact", problem, hook="filter_event")
        before = getattr(event, name)
        after = _changed(before, change)
        if after != before:
            changed[name] = after
    return event.model_copy(update=changed) if changed else event


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, BaseModel):
        texts = {name: _changed(inner, change) for name, inner in value}
        return value.model_copy(update=texts)
    if isinstance(value, Mapping):
        return {_changed(key, change): _changed(inner, change) for key, inner in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return type(value)(_changed(inner, change) for inner in value)
    return value
