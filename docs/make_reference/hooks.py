"""`hooks.md`: every hook, from its specification, with the example in `docs/reference/hooks`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from audiohook_fw.plugin import FAMILIES, HANDLER_HOOKS, HOOK_API_VERSION, Family, hookspecs

from .markdown import slug, table

__all__ = ["EXAMPLES", "FIELDS", "entry", "page"]

EXAMPLES: Final = Path(__file__).resolve().parents[1] / "reference" / "hooks"
FIELDS: Final = ("Called", "Family", "Delivery", "Deadline", "On error", "Since")

_FAMILIES: Final = {
    Family.PROCESS: "Once per server. A failure makes that plugin `failed`, never the server, unless it is "
    "in `plugins.required`.",
    Family.CONNECTION: "Before the upgrade, when there is no call yet.",
    Family.DECISION: "Before `opened`. Only decide here: the client waits, and gives up after 5 seconds.",
    Family.CALL: "Makes the object that keeps the state of one call for one plugin.",
    Family.EVENT: "No result. All of a plugin's event hooks are plain functions: they run inline, "
    "and must not block. Any of them is `async`: all of them run in the plugin's lane for that call, "
    "in order.",
    Family.FILTER: "Between the plugin that emits an event and everybody who gets it.",
}

_HEAD: Final = f"""\
# Hooks

Made from `audiohook_fw/plugin/hookspecs.py` by `make docs`. The version of the hooks (`HOOK_API_VERSION`)
is {HOOK_API_VERSION}.

A function marked with `@hookimpl` implements the hook of its name. It takes any of the hook's arguments,
by name, and leaves out those it does not need. Every example below is a whole one-file plugin: put it
into the directory that `plugins.directory` names, and it loads. The tests run each of them."""

_METHOD: Final = "It is also a method of `SessionHandler`, without `session`."


def page() -> str:
    """Return the text of the page."""
    specified = {hook: getattr(hookspecs, hook) for hook in FAMILIES}
    rows = [
        (f"[`{hook}`](#{slug(_heading(hook, spec))})", FAMILIES[hook], _fields(hook, spec)["Called"])
        for hook, spec in specified.items()
    ]
    parts = [_HEAD, table(("hook", "family", "called"), rows)]
    for family, says in _FAMILIES.items():
        parts += [f"## Family: {family}", says]
        parts += [entry(hook, specified[hook]) for hook, of in FAMILIES.items() if of is family]
    return "\n\n".join(parts) + "\n"


def entry(hook: str, spec: Callable[..., Any]) -> str:
    """Return the part of the page about one hook.

    Raises:
        ValueError: its docstring lacks a field, or it has no example.
    """
    example = EXAMPLES / f"{hook}.py"
    fields = _fields(hook, spec)
    if not example.is_file():
        raise ValueError(f"{hook} has no example: write docs/reference/hooks/{hook}.py")
    rows = [(name, fields[name]) for name in FIELDS]
    parts = [f"### {_heading(hook, spec)}", *_prose(spec)]
    parts += [_METHOD] if hook in HANDLER_HOOKS else []
    parts += [table(("", ""), rows)]
    parts += [
        f"[Example](hooks/{hook}.py):",
        f"```python\n{example.read_text(encoding='utf-8').rstrip()}\n```",
    ]
    return "\n\n".join(parts)


def _heading(hook: str, spec: Callable[..., Any]) -> str:
    signature = str(inspect.signature(spec)).replace("'", "")  # annotations are texts
    return f"`{hook}{signature.replace('-> Result', '-> Awaitable[None] | None')}`"


def _prose(spec: Callable[..., Any]) -> Iterator[str]:
    text = inspect.getdoc(spec) or ""
    yield from re.split(rf"\n(?={FIELDS[0]}: )", text)[0].strip().split("\n\n")


def _fields(hook: str, spec: Callable[..., Any]) -> dict[str, str]:
    text = inspect.getdoc(spec) or ""
    found: dict[str, str] = {}
    for name in FIELDS:
        match = re.search(rf"^{name}: (.+(?:\n    .+)*)", text, re.MULTILINE)
        if match is None:
            raise ValueError(f"{hook} has no field {name} in its docstring")
        found[name] = match[1]
    return found
