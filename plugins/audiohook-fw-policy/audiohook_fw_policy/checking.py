"""`Checker`: reads values out of nodes, and collects what is wrong with them."""

from __future__ import annotations

from collections.abc import Collection

from .nodes import Node
from .problems import Problem, choice, shown

__all__ = ["Checker"]


class Checker:
    """Every method returns `None` for what is wrong, after it has noted it.

    Attributes:
        problems: what was noted.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def note(self, line: int, where: str, what: str) -> None:
        """Note a problem; `where` is the place in the rules, empty for the file itself."""
        self.problems.append(Problem(line, f"{where}: {what}" if where else what))

    def table(self, node: Node, where: str, allowed: Collection[str], *, kind: str) -> dict[str, Node] | None:
        """Return a table, without the keys that are not allowed."""
        if not isinstance(node.value, dict):
            self.note(
                node.line,
                where,
                f"must be a table with {', '.join(sorted(allowed))}, not {shown(node.value)}",
            )
            return None
        for key, child in node.value.items():
            if key not in allowed:
                self.note(child.key_line, where, f"unknown {kind} {shown(key)}; {choice(key, allowed)}")
        return {key: child for key, child in node.value.items() if key in allowed}

    def items(self, node: Node, where: str, what: str) -> list[Node] | None:
        """Return the items of a list that is not empty."""
        if not isinstance(node.value, list):
            self.note(node.line, where, f"must be a list of {what}, not {shown(node.value)}")
            return None
        if not node.value:
            self.note(node.line, where, f"the list is empty; write at least one of the {what}, or remove it")
            return None
        return node.value

    def text(self, node: Node, where: str, what: str) -> str | None:
        """Return a text that is not empty; a number of YAML is one, as it was written."""
        value = node.written or node.value
        if not isinstance(value, str):
            got = (
                "a number" if isinstance(value, int | float) and not isinstance(value, bool) else shown(value)
            )  # it may be somebody's
            self.note(node.line, where, f"must be {what} (a text in quotes), not {got}")
            return None
        if not value.strip():
            self.note(node.line, where, f"is empty; must be {what}")
            return None
        return value.strip()

    def texts(self, node: Node, where: str, what: str) -> list[tuple[Node, str]] | None:
        """Return one text, or a list of them."""
        nodes = self.items(node, where, what) if isinstance(node.value, list) else [node]
        if nodes is None:
            return None
        texts = [(item, self.text(item, where, what)) for item in nodes]
        return [(item, text) for item, text in texts if text is not None]

    def number(self, node: Node, where: str, low: float, high: float, unit: str) -> float | None:
        """Return a number between two bounds."""
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            allowed = f"{low:g} to {high:g} {unit}".rstrip()
            self.note(node.line, where, f"is {shown(value)}, but must be a number; allowed: {allowed}")
            return None
        return value

    def whole(self, node: Node, where: str, low: int) -> int | None:
        """Return a whole number from a bound on."""
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            self.note(
                node.line, where, f"is {shown(value)}, but must be a whole number; allowed: {low} and more"
            )
            return None
        return value
