"""What a hook function takes and whether it is async; refuses what could not be called."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

from .families import SYNC_HOOKS

__all__ = [
    "HookFunction",
    "Implementation",
    "RemovedHookError",
    "Signature",
    "SignatureError",
    "is_async",
    "is_plugin_name",
    "read_signature",
]

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

HookFunction = Callable[..., object]


class SignatureError(ValueError):
    """Raised when a function cannot serve as a hook; the message says what to change."""


class RemovedHookError(SignatureError):
    """Raised when a plugin has a hook that this version knows no more."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The arguments of the hook that a function takes, in its own order, and its colour."""

    names: tuple[str, ...]
    is_async: bool


@dataclass(frozen=True, slots=True)
class Implementation:
    """One function of a plugin that implements a hook."""

    hook: str
    function: HookFunction
    signature: Signature


Aliases = tuple[tuple[str, str], ...]
"""Former and present names of arguments."""

_cache: WeakKeyDictionary[Any, dict[tuple[str, tuple[str, ...], Aliases], Signature]] = WeakKeyDictionary()
"""By the plain function below bound methods, so that a handler class is read once, not once per call."""


def read_signature(
    hook: str, function: HookFunction, allowed: tuple[str, ...], aliases: Aliases = ()
) -> Signature:
    """Return what `function` takes of the `allowed` arguments of `hook`, by their present names.

    Raises:
        SignatureError: it cannot be called with any subset of `allowed`, or has the wrong colour.
    """
    plain = getattr(function, "__func__", function)
    try:
        known = _cache.setdefault(plain, {})
    except TypeError:  # builtins and some callable objects cannot be referenced weakly
        return _read(hook, function, allowed, aliases)
    key = (hook, allowed, aliases)
    if key not in known:
        known[key] = _read(hook, function, allowed, aliases)
    return known[key]


def is_async(function: HookFunction) -> bool:
    """Tell whether calling `function` makes a coroutine."""
    plain = inspect.unwrap(function)
    while isinstance(plain, functools.partial):
        plain = inspect.unwrap(plain.func)
    for candidate in (function, plain, getattr(plain, "__call__", None)):  # noqa: B004 (its __call__ is meant)
        if inspect.iscoroutinefunction(candidate):
            return True
    return False


def is_plugin_name(name: str) -> bool:
    """Tell whether a name can be a section of the configuration and part of an environment variable."""
    return _NAME.fullmatch(name) is not None


def _read(hook: str, function: HookFunction, allowed: tuple[str, ...], aliases: Aliases) -> Signature:
    names = _names(hook, function, allowed, dict(aliases))
    plain = inspect.unwrap(function)
    if inspect.isasyncgenfunction(plain) or inspect.isgeneratorfunction(plain):
        raise SignatureError(f"{hook} is a generator, so its body would never run; remove its yield")
    colour = is_async(function)
    if colour and hook in SYNC_HOOKS:
        raise SignatureError(f"{hook} must be a plain def, not async def: its caller cannot wait")
    return Signature(names, colour)


def _names(
    hook: str, function: HookFunction, allowed: tuple[str, ...], aliases: dict[str, str]
) -> tuple[str, ...]:
    names: list[str] = []
    ended = False
    for parameter in _parameters(hook, function):
        name = aliases.get(parameter.name, parameter.name)
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise SignatureError(
                f"{hook} takes {parameter}; name the arguments it needs, of: {', '.join(allowed)} "
                "(a decorator needs functools.wraps)"
            )
        if name not in allowed or parameter.kind is parameter.KEYWORD_ONLY:
            if parameter.default is parameter.empty:
                raise SignatureError(_unknown(hook, parameter, allowed))
            ended = True  # keeps its default, and so must whatever follows it by position
        elif ended:
            raise SignatureError(f"{hook}: argument {parameter.name!r} must come before those with a default")
        else:
            names.append(name)
    return tuple(names)


def _parameters(hook: str, function: HookFunction) -> tuple[inspect.Parameter, ...]:
    try:
        return tuple(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        raise SignatureError(f"{hook} has no signature that can be read; write it as a def") from None


def _unknown(hook: str, parameter: inspect.Parameter, allowed: tuple[str, ...]) -> str:
    if parameter.name in allowed:
        return f"{hook}: argument {parameter.name!r} is keyword-only; remove the * before it"
    return f"{hook} has no argument {parameter.name!r}; it may take: {', '.join(allowed)}"
