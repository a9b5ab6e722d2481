"""Check a loaded plugin: its hooks, their arguments and colours, and that it can be told from others."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from types import ModuleType
from typing import Final

import pluggy

from .compile import check_handler_class
from .families import ARGUMENTS, FAMILIES
from .handler import SessionHandler
from .loaded import handler_class
from .signatures import HookFunction, SignatureError, read_signature

__all__ = ["check_target", "plugin_of", "unmarked"]

_MARKS: Final = ("wrapper", "hookwrapper")


def check_target(target: object, registry: pluggy.PluginManager) -> None:
    """Refuse what pluggy would take and what could then not be called.

    Raises:
        SignatureError: the message says what to change.
    """
    if type(target).__hash__ is None:
        raise SignatureError(
            "compares by value and cannot be told from another: make it @dataclass(eq=False)"
        )
    found = 0
    for name in dir(target):
        options = registry.parse_hookimpl_opts(target, name)
        if options is None:
            continue
        found += 1
        hook = options.get("specname") or name
        if hook not in FAMILIES:
            if not options.get("optionalhook"):
                raise SignatureError(_unknown(hook, FAMILIES))
            continue
        if any(options.get(mark) for mark in _MARKS):
            raise SignatureError(
                f"{hook} is a wrapper; each plugin is called alone, so write it as a plain hook"
            )
        _check_function(hook, getattr(target, name))
    if not found:
        raise SignatureError(_no_hooks(target))


def plugin_of(source: object, registry: pluggy.PluginManager) -> object:
    """Return the one class with hooks that a module without hooks of its own holds, else what was given.

    So a file that holds a plugin class needs nothing more to be a plugin.

    Raises:
        SignatureError: the module has several such classes.
    """
    if not isinstance(source, ModuleType) or _has_hooks(source, registry):
        return source
    classes = [
        value
        for value in vars(source).values()
        if isinstance(value, type) and value.__module__ == source.__name__ and _has_hooks(value, registry)
    ]
    if len(classes) > 1:
        names = ", ".join(cls.__name__ for cls in classes)
        raise SignatureError(
            f"holds several plugins ({names}); name one: {source.__name__}:{classes[0].__name__}"
        )
    return classes[0] if classes else source


def _has_hooks(target: object, registry: pluggy.PluginManager) -> bool:
    return any(registry.parse_hookimpl_opts(target, name) is not None for name in dir(target))


def unmarked(target: object, registry: pluggy.PluginManager) -> list[str]:
    """Return the names of functions that are called like hooks but are not marked as such."""
    if isinstance(target, SessionHandler):
        return []
    return [
        hook
        for hook in FAMILIES
        if callable(getattr(target, hook, None)) and registry.parse_hookimpl_opts(target, hook) is None
    ]


def _check_function(hook: str, function: HookFunction) -> None:
    read_signature(hook, function, ARGUMENTS[hook])
    if hook == "create_handler":
        check_handler_class(handler_class(function))


def _unknown(hook: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(hook, known, n=1)
    advice = (
        f"did you mean {near[0]}?" if near else "mark it @hookimpl(optionalhook=True) if a newer core has it"
    )
    return f"there is no hook {hook}; {advice}"


def _no_hooks(target: object) -> str:
    named = [hook for hook in FAMILIES if callable(getattr(target, hook, None))]
    return f"has no hooks; mark {', '.join(named) or 'its functions'} with @hookimpl"
