"""`api.md`: every public name of `audiohook_fw`, as its source has it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

import audiohook_fw

from .hooks import EXAMPLES
from .markdown import code, table
from .source import Definition, find, first_line

__all__ = ["page", "users"]

_HEAD: Final = """\
# Public names

Made from the source by `make docs`. What `audiohook_fw` exports is what plugins are written with; it
changes only with a line in the changelog. `audiohook_fw.protocol` and `audiohook_fw.audio` can be used
alone, `audiohook_fw.client` plays calls, and [`audiohook_fw.replay`](replay.md) recorded ones. All else is
internal, even where it can be imported.

Signatures are as in the source. Positions and lengths are samples of call time at `media.rate`, unless
something else is said. `Result` is `Awaitable[None] | None`: `def` or `async def`, as you like."""

_SAID: Final = {
    "Decision": "What `on_open` may answer.",
    "__version__": "The version of the installed distribution `audiohook-fw`, as text.",
    "hookimpl": "Marks a function, or a method of a plugin's class, as the implementation of the hook of its "
    "name: `@hookimpl`. See [hooks](hooks.md).",
}
"""What cannot be said in the source, because assignments have no docstring."""


def page() -> str:
    """Return the text of the page."""
    names = sorted(audiohook_fw.__all__, key=lambda name: name.lower().lstrip("_"))
    parts = [_HEAD, table(("name", "what it is"), [(_link(name), _text(name)) for name in names])]
    for name in names:
        parts += _entry(name)
    return "\n\n".join(parts) + "\n"


def users(name: str) -> list[str]:
    """Return the hooks whose examples import a name."""
    return [path.stem for path in sorted(EXAMPLES.glob("*.py")) if name in _imported(path.read_text("utf-8"))]


def _link(name: str) -> str:
    return f"[`{name}`](#{name.lower()})"


def _entry(name: str) -> Iterator[str]:
    definition = find("audiohook_fw", name)
    yield f"## `{name}`"
    yield f"```text\n{definition.signature}\n```"
    yield _text(name)
    if isinstance(definition.node, ast.ClassDef):
        rows = [(code(member.signature), first_line(member.text)) for member in definition.members()]
        if rows:
            yield table(("member", "meaning"), rows)
    yield f"Examples: {', '.join(f'[{hook}](hooks/{hook}.py)' for hook in users(name))}."


def _text(name: str) -> str:
    definition: Definition = find("audiohook_fw", name)
    text = _SAID.get(name) or first_line(definition.text)
    if not text:
        raise ValueError(f"{name} says nothing of itself: write a docstring in {definition.module}")
    return text


def _imported(source: str) -> set[str]:
    return {
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module == "audiohook_fw"
        for alias in node.names
    }
