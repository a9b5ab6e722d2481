"""The rules of loading: it starts, its hooks can be called, its settings refuse what they do not know."""

from __future__ import annotations

from typing import Final

from audiohook_fw.errors import PluginConfigError, PluginError
from audiohook_fw.plugin import FAMILIES, PROJECT

from .rule import BrokenError, Rule, Subject
from .scripts import ordinary, play
from .telling import is_of_hooks

__all__ = ["HOOKS_VALID", "LOADS", "SETTINGS_STRICT"]

_UNKNOWN: Final = "no_such_setting"


def _loads(subject: Subject) -> None:
    with subject.driver() as call:
        call.start()


def _hooks_valid(subject: Subject) -> None:
    call = play(subject, ordinary)
    for hook in FAMILIES:
        function = getattr(call.plugin, hook, None)
        if callable(function) and not hasattr(function, f"{PROJECT}_impl"):
            raise BrokenError(
                f"{hook} is not marked with @hookimpl, so nobody calls it",
                f"put @hookimpl before {hook}, or give it another name",
            )
    for fault in call.faults:
        error = fault.error
        if isinstance(error, PluginError) and is_of_hooks(type(error)):
            raise BrokenError(f"{fault.hook}: {error.problem}") from error


def _settings_strict(subject: Subject) -> None:
    try:
        subject.driver(settings={**subject.settings, _UNKNOWN: 1}).shutdown()
    except PluginConfigError:
        return
    raise BrokenError(f"the unknown setting {_UNKNOWN} was taken; an operator's typing mistake would be, too")


LOADS: Final = Rule(
    "loads",
    "It can be imported and made with its settings, and `on_startup` succeeds.",
    "change what the message names",
    _loads,
)
HOOKS_VALID: Final = Rule(
    "hooks-valid",
    "Every hook is marked, is known, takes arguments that the hook has, and returns what it may return.",
    "change what the message names; the hooks are in docs/reference/hooks.md",
    _hooks_valid,
)
SETTINGS_STRICT: Final = Rule(
    "settings-strict",
    "An unknown setting is refused.",
    'leave the model\'s `extra` alone, or set model_config = ConfigDict(extra="forbid")',
    _settings_strict,
)
