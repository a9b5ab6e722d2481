"""From functions and handlers to calls: `call(*event arguments)`, with nothing left to look up.

An event's arguments are the hook's without `session`, which each plugin gets as its own view. Whoever
takes all of them in order is called directly; only others pay for an adapter.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from types import MethodType
from typing import Final
from weakref import WeakSet

from .families import ARGUMENTS, HANDLER_HOOKS
from .handler import SessionHandler
from .history import HISTORY, HookHistory
from .signatures import (
    HookFunction,
    Implementation,
    RemovedHookError,
    Signature,
    SignatureError,
    read_signature,
)

__all__ = [
    "Call",
    "bind",
    "check_handler_class",
    "discard_awaitable",
    "handler_signatures",
    "handler_uses",
    "overridden",
    "select",
]

Call = Callable[..., object]

_REST: Final[Mapping[str, tuple[str, ...]]] = {hook: names[1:] for hook, names in ARGUMENTS.items()}


def bind(hook: str, function: HookFunction, signature: Signature, view: object) -> Call:
    """Return a call that takes the arguments of `hook` without `session`, in the specification's order."""
    names, rest = signature.names, _REST[hook]
    if names == rest:
        return function
    if names == ("session", *rest):
        return functools.partial(function, view)
    if not names:
        return lambda *_: function()
    if names == ("session",):
        return lambda *_: function(view)
    picks = tuple(-1 if name == "session" else rest.index(name) for name in names)

    def adapted(*args: object) -> object:
        return function(*[view if pick < 0 else args[pick] for pick in picks])

    return adapted


def select(hook: Implementation, values: Mapping[str, object]) -> Callable[[], object]:
    """Return a call without arguments that hands a process or connection hook what it names of `values`."""
    return functools.partial(hook.function, *[values[name] for name in hook.signature.names])


def overridden(
    handler: SessionHandler | type[SessionHandler], history: HookHistory = HISTORY
) -> dict[str, HookFunction]:
    """Return the hooks that a handler implements itself, under their present or a former name."""
    return {hook: getattr(handler, name) for hook, name in _spelt(handler, history)}


def _spelt(handler: SessionHandler | type[SessionHandler], history: HookHistory) -> Iterator[tuple[str, str]]:
    """Yield each hook that a handler implements, and how it calls it."""
    for hook, base in _BASE.items():
        function = getattr(handler, hook)
        if getattr(function, "__func__", function) is not base:
            yield hook, hook
        else:
            yield from ((hook, old) for old in history.older(hook) if callable(getattr(handler, old, None)))


def check_handler_class(kind: type[SessionHandler], history: HookHistory = HISTORY) -> None:
    """Refuse a handler whose hooks cannot be called, or that has a method named almost like one.

    Raises:
        SignatureError: the message says what to change.
    """
    if kind in _checked:
        return
    for hook, name in _spelt(kind, history):
        function = getattr(kind, name)
        is_method = inspect.isfunction(inspect.getattr_static(kind, name))
        bound = MethodType(function, kind) if is_method else function
        read_signature(hook, bound, _REST[hook], history.aliases(hook))
    for name in dir(kind):
        if name.startswith("on_") and name not in HANDLER_HOOKS and name not in history.hooks:
            _check_name(kind, name, history)
    _checked.add(kind)


def _check_name(kind: type[SessionHandler], name: str, history: HookHistory) -> None:
    if name in history.removed:
        raise RemovedHookError(f"{kind.__name__}.{name} is no hook any more; {history.removed[name]}")
    if name == "on_decided":
        raise SignatureError("on_decided comes before there is a handler; make it a function of the plugin")
    near = difflib.get_close_matches(name, HANDLER_HOOKS, n=1, cutoff=0.85)
    if near:
        raise SignatureError(
            f"{kind.__name__}.{name} is no hook; did you mean {near[0]}? If not, do not call it almost so"
        )


def handler_signatures(
    handler: SessionHandler, history: HookHistory = HISTORY
) -> dict[str, tuple[HookFunction, Signature]]:
    """Return the hooks that a handler implements, with what each takes.

    Raises:
        SignatureError: one of them cannot be called.
    """
    check_handler_class(type(handler), history)
    return {
        hook: (function, read_signature(hook, function, _REST[hook], history.aliases(hook)))
        for hook, function in overridden(handler, history).items()
    }


def handler_uses(kind: type[SessionHandler], history: HookHistory) -> Iterator[str]:
    """Yield a sentence for each deprecated name in a handler class."""
    if history.hooks or history.arguments:  # else nothing is looked at: this runs for every call
        for _, name in _spelt(kind, history):
            yield from history.uses(name, getattr(kind, name), f"{kind.__name__}.")


def discard_awaitable(result: object) -> bool:
    """Close a coroutine, or cancel a future, that a plain function returned; tell whether it was one."""
    if not inspect.isawaitable(result):
        return False
    close: Callable[[], object] | None = getattr(result, "close", None) or getattr(result, "cancel", None)
    if close is not None:
        close()
    return True


_checked: Final[WeakSet[type[SessionHandler]]] = WeakSet()

_BASE: Final[Mapping[str, HookFunction]] = {hook: getattr(SessionHandler, hook) for hook in HANDLER_HOOKS}
