"""The hooks as data: their families, their arguments, and which of them must be plain functions."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from enum import StrEnum
from types import FunctionType
from typing import Final

from . import hookspecs

__all__ = ["ARGUMENTS", "EVENT_HOOKS", "FAMILIES", "FINAL_HOOKS", "HANDLER_HOOKS", "SYNC_HOOKS", "Family"]


class Family(StrEnum):
    """The contract under which a hook is called."""

    PROCESS = "process"
    CONNECTION = "connection"
    DECISION = "decision"
    CALL = "call"
    EVENT = "event"
    FILTER = "filter"


_BY_FAMILY: Final[Mapping[Family, tuple[str, ...]]] = {
    Family.PROCESS: (
        "on_startup",
        "on_shutdown",
        "register_routes",
        "register_commands",
        "check_health",
        "supported_languages",
        "on_erase",
        "on_announced",
    ),
    Family.CONNECTION: ("check_address", "find_credential"),
    Family.DECISION: ("on_open", "select_media"),
    Family.CALL: ("create_handler",),
    Family.EVENT: (
        "on_decided",
        "on_opened",
        "on_audio",
        "on_pause",
        "on_resume",
        "on_discarded",
        "on_update",
        "on_client_error",
        "on_dtmf",
        "on_playback",
        "on_event",
        "on_close",
        "on_end",
    ),
    Family.FILTER: ("filter_event",),
}

FAMILIES: Final[Mapping[str, Family]] = {
    hook: family for family, hooks in _BY_FAMILY.items() for hook in hooks
}
"""Every hook and its family, in the order of `hookspecs`."""

EVENT_HOOKS: Final = _BY_FAMILY[Family.EVENT]
"""The hooks without result that a call delivers inline or through lanes."""

HANDLER_HOOKS: Final = tuple(hook for hook in EVENT_HOOKS if hook != "on_decided")
"""The event hooks that a `SessionHandler` has: there is none yet when a call is decided."""

FINAL_HOOKS: Final = frozenset({"on_close", "on_end"})
"""The event hooks that a failed or quarantined plugin still gets."""

SYNC_HOOKS: Final = frozenset(
    {"register_routes", "register_commands", "select_media", "create_handler", "filter_event"}
)
"""The hooks whose caller cannot wait: plain functions only."""


def _arguments(hook: str) -> tuple[str, ...]:
    spec = getattr(hookspecs, hook)
    assert isinstance(spec, FunctionType)
    return tuple(inspect.signature(spec).parameters)


ARGUMENTS: Final[Mapping[str, tuple[str, ...]]] = {hook: _arguments(hook) for hook in FAMILIES}
"""The arguments of every hook, in the order of its specification."""
