"""`errors.md`: every exception, and why an upgrade is refused."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Final

import audiohook_fw
from audiohook_fw.auth import AuthFailure
from audiohook_fw.errors import AudiohookError

from .markdown import code, table
from .source import find, first_line, prose

__all__ = ["classes", "page"]

_HEAD: Final = """\
# Errors

Made from the source by `make docs`.

Every exception that audiohook_fw raises on purpose is an `AudiohookError`. What a plugin raises in a hook
is logged and counted, and costs nobody else anything; see [hooks](hooks.md) for what it costs the plugin.
What a client does wrong never raises in a plugin. What the command line prints, and its exit status, is
in [command line](cli.md)."""

_REFUSALS: Final = """\
## Why an upgrade is refused

The client gets HTTP 401 and nothing else. The reason is in the log, and is the attribute `reason` of the
metric `audiohook.upgrades`. The checks run in this order."""


def page() -> str:
    """Return the text of the page."""
    found = classes()
    rows = [(_link(c), code(c.__bases__[0].__name__), first_line(_text(c))) for c in found]
    parts = [_HEAD, table(("error", "is a", "meaning"), rows)]
    for each in found:
        parts += _entry(each)
    parts += [_REFUSALS, table(("reason", "name"), [(code(f), code(f.name)) for f in AuthFailure])]
    return "\n\n".join(parts) + "\n"


def classes() -> list[type[BaseException]]:
    """Return every exception of the core, each behind its base; imports all modules to find them."""
    for module in pkgutil.walk_packages(audiohook_fw.__path__, f"{audiohook_fw.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return list(_below(AudiohookError))


def _below(base: type[BaseException]) -> Iterator[type[BaseException]]:
    if base.__module__.split(".")[0] == audiohook_fw.__name__:
        yield base
        for child in sorted(base.__subclasses__(), key=lambda c: (c.__module__, c.__name__)):
            yield from _below(child)


def _link(error: type[BaseException]) -> str:
    return f"[`{error.__name__}`](#{error.__name__.lower()})"


def _text(error: type[BaseException]) -> str:
    return find(error.__module__, error.__name__).text


def _entry(error: type[BaseException]) -> Iterator[str]:
    name = error.__name__
    public = name in audiohook_fw.__all__
    yield f"## `{name}`"
    made = [
        member.signature
        for base in error.__mro__
        if base.__module__.startswith("audiohook_fw.")
        for member in find(base.__module__, base.__name__).members()
        if member.name == "__init__"
    ]
    signature = f"{name}{made[0].removeprefix('__init__')}" if made else f"{name}(*args)"
    place = "audiohook_fw" if public else _place(error)
    yield f"```python\nfrom {place} import {name}\n```"
    yield f"`{signature}`"
    yield prose(_text(error))


def _place(error: type[BaseException]) -> str:
    """Return the package that exports it: `audiohook_fw.errors`, or a sub-package."""
    parts = error.__module__.split(".")
    package = ".".join(parts[:2])
    try:
        find(package, error.__name__)
    except LookupError:
        return error.__module__
    return package
