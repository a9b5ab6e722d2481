"""A table of conditions, and how several are combined: `all`, `any` and `not`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .attributes import ATTRIBUTES
from .condition import Condition, all_of, any_of, none_of
from .measures import MEASURES
from .nodes import Node
from .problems import choice
from .reading import Reading

__all__ = ["CONDITIONS", "read_when"]


def read_when(reading: Reading, node: Node, where: str, name: str = "all") -> Condition | None:
    """Return the condition of a table: all that stands in it must hold. `None` when something is wrong."""
    table = reading.check.table(node, where, CONDITIONS.keys(), kind="condition")
    if table is None:
        return None
    if not table:
        if not node.value:
            reading.check.note(node.line, where, f"is empty; {choice('', CONDITIONS)}")
        return None
    parts = [CONDITIONS[key](reading, child, f"{where}.{key}") for key, child in table.items()]
    return all_of([part for part in parts if part is not None], name) if None not in parts else None


def _all(reading: Reading, node: Node, where: str) -> Condition | None:
    parts = _several(reading, node, where)
    return all_of(parts) if parts else None


def _any(reading: Reading, node: Node, where: str) -> Condition | None:
    parts = _several(reading, node, where)
    return any_of(parts) if parts else None


def _not(reading: Reading, node: Node, where: str) -> Condition | None:
    part = read_when(reading, node, where)
    return none_of(part) if part is not None else None


def _several(reading: Reading, node: Node, where: str) -> list[Condition] | None:
    items = reading.check.items(node, where, "tables of conditions")
    if items is None:
        return None
    parts = [read_when(reading, item, f"{where}[{i}]") for i, item in enumerate(items, 1)]
    return [part for part in parts if part is not None] if None not in parts else None


CONDITIONS: Final[dict[str, Callable[[Reading, Node, str], Condition | None]]] = {
    "all": _all,
    "any": _any,
    "not": _not,
    **ATTRIBUTES,
    **MEASURES,
}
"""How each condition is read, by its name."""
