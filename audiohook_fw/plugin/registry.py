"""pluggy's part: it finds the marked functions of one plugin, checks and orders them.

Each plugin has a registry of its own, so that one that cannot be compared or hashed is alone with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

import pluggy

from . import hookspecs
from .families import ARGUMENTS, FAMILIES
from .history import HISTORY, HookHistory
from .markers import PROJECT
from .signatures import Implementation, read_signature

__all__ = ["implementations", "new_registry"]


def new_registry(history: HookHistory = HISTORY) -> pluggy.PluginManager:
    """Return a registry that knows the hooks; those with renamed arguments only we can check."""
    registry = pluggy.PluginManager(PROJECT)
    known = ModuleType(hookspecs.__name__)
    vars(known).update({h: getattr(hookspecs, h) for h in FAMILIES if not history.aliases(h)})
    registry.add_hookspecs(known)
    return registry


def implementations(
    target: object, name: str, history: HookHistory
) -> Mapping[str, tuple[Implementation, ...]]:
    """Return the hook functions of a plugin by the present names of the hooks, in the order of their calls.

    Where a plugin has a hook under a former name too, for older versions, that one is not called.

    Raises:
        Exception: whatever pluggy and the plugin raise.
    """
    registry = new_registry(history)
    registry.register(target, name=name)
    found: dict[str, tuple[Implementation, ...]] = {}
    for hook in FAMILIES:
        for spelt in (hook, *history.older(hook)):
            caller = getattr(registry.hook, spelt, None)
            functions = [i.function for i in reversed(caller.get_hookimpls())] if caller is not None else []
            if functions:
                found[hook] = tuple(
                    Implementation(hook, f, read_signature(hook, f, ARGUMENTS[hook], history.aliases(hook)))
                    for f in functions
                )
                break
    return found
