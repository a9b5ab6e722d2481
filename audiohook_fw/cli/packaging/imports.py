"""What source text imports, without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

__all__ = ["imported", "parsed"]


def parsed(text: str) -> ast.Module:
    """Return the tree of a module; an empty one if it is no Python, which loading it tells."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[])


def imported(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, module and name of each absolute import; the name is empty for `import module`."""
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, ""
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            for alias in node.names:
                yield node.lineno, node.module, alias.name
