"""From functions and handlers to calls: `call(*event arguments)`, with nothing left to look up.

An event's arguments are the hook's without `session`, which each plugin gets as its own view. Whoever
takes all of them in order is called directly; only others pay for an adapter.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Mapping
from types import MethodType
from typing import Final
from weakref import WeakSet

from .families import ARGUMENTS, HANDLER_HOOKS
from .handler import SessionHandler
from .signatures import HookFunction, Implementation, Signature, SignatureError, read_signature

__all__ = [
    "Call",
    "bind",
    "check_handler_class",
    "discard_awaitable",
    "handler_signatures",
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


def overridden(handler: SessionHandler | type[SessionHandler]) -> dict[str, HookFunction]:
    """Return the hooks that a handler implements itself."""
    found: dict[str, HookFunction] = {}
    for hook, base in _BASE.items():
        function = getattr(handler, hook)
        if getattr(function, "__func__", function) is not base:
            found[hook] = function
    return found


def check_handler_class(kind: type[SessionHandler]) -> None:
    """Refuse a handler whose hooks cannot be called, or that has a method named almost like one.

    Raises:
        SignatureError: the message says what to change.
    """
    if kind in _checked:
        return
    for hook, function in overridden(kind).items():
        is_method = inspect.isfunction(inspect.getattr_static(kind, hook))
        read_signature(hook, MethodType(function, kind) if is_method else function, _REST[hook])
    for name in dir(kind):
        if name.startswith("on_") and name not in HANDLER_HOOKS:
            _check_name(kind, name)
    _checked.add(kind)


def _check_name(kind: type[SessionHandler], name: str) -> None:
    if name == "on_decided":
        raise SignatureError("on_decided comes before there is a handler; make it a function of the plugin")
    near = difflib.get_close_matches(name, HANDLER_HOOKS, n=1, cutoff=0.85)
    if near:
        raise SignatureError(
            f"{kind.__name__}.{name} is no hook; did you mean {near[0]}? If not, do not call it almost so"
        )


def handler_signatures(handler: SessionHandler) -> dict[str, tuple[HookFunction, Signature]]:
    """Return the hooks that a handler implements, with what each takes.

    Raises:
        SignatureError: one of them cannot be called.
    """
    check_handler_class(type(handler))
    return {
        hook: (function, read_signature(hook, function, _REST[hook]))
        for hook, function in overridden(handler).items()
    }


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
