"""The public API as lines of text: every name that plugins may rely on, with its signature.

Renew the frozen text, in `docs`: `python -m make_reference.public_api`.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import audiohook_fw
from audiohook_fw import replay, testing
from audiohook_fw.plugin import FAMILIES, hookspecs

from .source import find

__all__ = ["FROZEN", "lines"]

FROZEN: Final = Path(__file__).resolve().parents[2] / "tests" / "reference" / "public_api.txt"
"""What is promised; a test compares it with what is there."""


_NOT_MADE: Final = frozenset({"Hold", "Session"})
"""Classes that plugins only get: how they are made is nobody's business."""


def lines() -> Iterator[str]:
    """Yield a line for each public name, each of its members, and each hook."""
    for name in sorted(audiohook_fw.__all__):
        yield from _lines_of("audiohook_fw", name)
    for name in sorted(testing.__all__):
        yield from (f"testing.{line}" for line in _lines_of("audiohook_fw.testing", name))
    for name in sorted(replay.__all__):
        yield from (f"replay.{line}" for line in _lines_of("audiohook_fw.replay", name))
    for hook in FAMILIES:
        signature = str(inspect.signature(getattr(hookspecs, hook))).replace("'", "")
        yield f"hook {hook}{signature}"


def _lines_of(package: str, name: str) -> Iterator[str]:
    definition = find(package, name)
    if not isinstance(definition.node, ast.ClassDef):
        yield f"{name}: {_assigned(name, definition.signature)}"
        return
    yield f"{name}: {definition.signature}"
    for member in definition.members():  # in their order, which is that of positional arguments
        if member.name != "__init__" or name not in _NOT_MADE:
            written = " ".join(re.sub(r" = field\(init=False.*", "", member.signature).split())
            yield re.sub(r"^((?:async |classmethod )*)", rf"\1{name}.", written)


def _assigned(name: str, signature: str) -> str:
    return "str" if name == "__version__" else " ".join(signature.split()).removeprefix(f"{name}: ")


if __name__ == "__main__":
    FROZEN.write_text("\n".join(lines()) + "\n", encoding="utf-8")
