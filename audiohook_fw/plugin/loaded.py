"""`LoadedPlugin`: a plugin that was loaded and checked, with its hook functions ready to be bound."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import NoReturn

from pydantic import BaseModel

from audiohook_fw.errors import PluginError

from .ask import Question
from .compile import Call, handler_uses, overridden
from .events import OF_THE_CORE, Event
from .families import FAMILIES, Family
from .handler import SessionHandler
from .history import HISTORY, HookHistory
from .info import OnFailure, PluginInfo, event_names
from .records import Delivery, PluginRecord, PluginStatus
from .signatures import HookFunction, Implementation, is_async

__all__ = ["LoadedPlugin", "handler_class"]


@dataclass(slots=True, eq=False)
class LoadedPlugin:
    """A plugin that can be called.

    Attributes:
        record: what became of it; its status decides in what it still takes part.
        target: the instance or module.
        settings: its validated settings, or `None` when it has no `Settings`.
        functions: its implementations by hook.
        consumes: names of the events it wants; empty means all.
        emits: names of the events it emits.
        silenced: it blocked the event loop too often: it decides and filters nothing any more, which counts
            as failed, and has no events in new calls.
        history: how the hooks changed that it was written for.
    """

    record: PluginRecord
    target: object
    settings: BaseModel | None = None
    functions: Mapping[str, tuple[Implementation, ...]] = field(default_factory=dict)
    consumes: frozenset[str] = frozenset()
    emits: frozenset[str] = frozenset()
    silenced: bool = False
    history: HookHistory = HISTORY

    def __post_init__(self) -> None:
        self.consumes = event_names(self.info.consumes)
        self.emits = event_names(self.info.emits)

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.record.name

    @property
    def module(self) -> str:
        """The name of the module its code is in."""
        if isinstance(self.target, ModuleType):
            return self.target.__name__
        return type(self.target).__module__

    def hears(self, event_type: str) -> bool:
        """Tell whether it wants events of that type."""
        return not self.consumes or event_type in self.consumes

    @property
    def info(self) -> PluginInfo:
        """What the plugin says about itself."""
        return self.record.info

    @property
    def is_active(self) -> bool:
        """Whether it takes part in everything."""
        return self.record.status is PluginStatus.ACTIVE

    @property
    def is_asked(self) -> bool:
        """Whether its decisions count: a quarantined policy must not fail open."""
        return self.is_active or (self.is_quarantined and self.info.on_failure is OnFailure.REJECT)

    @property
    def is_filtering(self) -> bool:
        """Whether its filters are called: in quarantine too, since a broken filter lets nothing through."""
        return self.is_active or self.is_quarantined

    @property
    def is_quarantined(self) -> bool:
        """Whether new calls go on without its events."""
        return self.record.status is PluginStatus.QUARANTINED

    def question(self, hook: Implementation, call: Call, *, session_id: str = "") -> Question:
        """Return the question to one of its implementations; of a silenced plugin, one that fails."""
        if self.silenced:
            return Question(self.name, lambda: self.refuse(hook.hook), session_id=session_id)
        return Question(self.name, call, hook.signature.is_async, session_id)

    def refuse(self, hook: str) -> NoReturn:
        """Raise the `PluginError` that takes the place of a silenced plugin's answer."""
        problem = "is not called any more, since it blocked the event loop too often"
        raise PluginError(self.name, problem, hook=hook)

    def describe_hooks(self) -> None:
        """Write into the record how each hook is called, as far as functions and annotations tell."""
        handler: dict[str, HookFunction] = {}
        for implementation in self.functions.get("create_handler", ()):
            handler |= overridden(handler_class(implementation.function), self.history)
        events = [
            i for hook, found in self.functions.items() if FAMILIES[hook] is Family.EVENT for i in found
        ]
        lane = any(i.signature.is_async for i in events) or any(map(is_async, handler.values()))
        self.record.hooks = {
            hook: _delivery(hook, in_lane=lane)
            for hook in FAMILIES
            if hook in self.functions or hook in handler
        }

    def note_handler(self, kind: type[SessionHandler]) -> None:
        """Warn of deprecated names in a handler class, once; annotations may not have told of it."""
        for sentence in handler_uses(kind, self.history):
            self.record.deprecate(sentence)

    def note_emitted(self, event: Event) -> None:
        """Warn, once for each type, of an event that `info.emits` does not name."""
        if event.event_type not in self.emits and event.event_type not in OF_THE_CORE:
            self.record.note(
                f"emits {event.event_type}, which its info does not name; add {type(event).__name__} to "
                "PluginInfo(emits=(…)): who emits closes before who consumes"
            )

    def note_delivery(self, hooks: typing.Iterable[str], *, in_lane: bool) -> None:
        """Write into the record what the first call showed of a handler."""
        for hook in hooks:
            self.record.hooks[hook] = _delivery(hook, in_lane=in_lane)


def _delivery(hook: str, *, in_lane: bool) -> Delivery:
    family = FAMILIES[hook]
    if family is not Family.EVENT:
        return Delivery(family.value)
    return Delivery.LANE if in_lane else Delivery.INLINE


def handler_class(function: HookFunction) -> type[SessionHandler]:
    """Return the handler class that the annotation of `create_handler` names, or the empty base."""
    try:
        hint = typing.get_type_hints(inspect.unwrap(function)).get("return")
    except Exception:  # names that only the type checker knows; the first call will tell
        return SessionHandler
    for candidate in (hint, *typing.get_args(hint)):
        if isinstance(candidate, type) and issubclass(candidate, SessionHandler):
            return candidate
    return SessionHandler
