"""Check a loaded plugin: its hooks, their arguments and colours, and that it can be told from others."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Final

import pluggy

from .compile import check_handler_class, handler_uses
from .families import ARGUMENTS, FAMILIES
from .handler import SessionHandler
from .history import HISTORY, HookHistory
from .loaded import handler_class
from .signatures import HookFunction, RemovedHookError, SignatureError, read_signature

__all__ = ["check_target", "plugin_of", "unmarked"]

_MARKS: Final = ("wrapper", "hookwrapper")


def check_target(target: object, registry: pluggy.PluginManager, history: HookHistory = HISTORY) -> list[str]:
    """Refuse what pluggy would take and what could then not be called.

    Returns:
        A sentence for each deprecated name that the plugin uses.

    Raises:
        RemovedHookError: it has a hook that is gone. SignatureError: anything else. Both say what to change.
    """
    if type(target).__hash__ is None:
        raise SignatureError(
            "compares by value and cannot be told from another: make it @dataclass(eq=False)"
        )
    found: list[tuple[str, HookFunction]] = []
    marked = False
    for name in dir(target):
        options = registry.parse_hookimpl_opts(target, name)
        if options is None:
            continue
        marked = True
        spelt = options.get("specname") or name
        hook = history.current(spelt)
        if hook not in FAMILIES:
            if not options.get("optionalhook"):
                raise _unknown(hook, history)
            continue
        if any(options.get(mark) for mark in _MARKS):
            raise SignatureError(
                f"{spelt} is a wrapper; each plugin is called alone, so write it as a plain hook"
            )
        found.append((spelt, getattr(target, name)))
        _check_function(hook, getattr(target, name), history)
    if not marked:
        raise SignatureError(_no_hooks(target))
    return _uses(found, history)


def _uses(found: Sequence[tuple[str, HookFunction]], history: HookHistory) -> list[str]:
    """Return what is deprecated; a plugin that has the present name too is made for both, and is well."""
    uses: list[str] = []
    names = {name for name, _ in found}
    for name, function in found:
        if name == history.current(name) or history.current(name) not in names:
            uses += history.uses(name, function)
        if name == "create_handler":
            uses += handler_uses(handler_class(function), history)
    return uses


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


def _check_function(hook: str, function: HookFunction, history: HookHistory) -> None:
    read_signature(hook, function, ARGUMENTS[hook], history.aliases(hook))
    if hook == "create_handler":
        check_handler_class(handler_class(function), history)


def _unknown(hook: str, history: HookHistory) -> SignatureError:
    if hook in history.removed:
        return RemovedHookError(f"there is no hook {hook} any more; {history.removed[hook]}")
    near = difflib.get_close_matches(hook, FAMILIES, n=1)
    advice = (
        f"did you mean {near[0]}?" if near else "mark it @hookimpl(optionalhook=True) if a newer core has it"
    )
    return SignatureError(f"there is no hook {hook}; {advice}")


def _no_hooks(target: object) -> str:
    named = [hook for hook in FAMILIES if callable(getattr(target, hook, None))]
    if isinstance(target, ModuleType):
        name = target.__name__
        if name.partition(".")[0] in sys.stdlib_module_names:
            return f"{name} is a module of Python itself and hides yours; name the file: -p ./{name}.py"
    elif type(target).__module__ == "builtins":
        return (
            f"is of type {type(target).__name__} and has no hooks; name a class or a module whose functions "
            "are marked with @hookimpl"
        )
    return f"has no hooks; mark {', '.join(named) or 'its functions'} with @hookimpl"
