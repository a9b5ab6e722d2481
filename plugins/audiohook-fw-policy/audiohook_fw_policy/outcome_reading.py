"""How an outcome is read: of a rule, of `default`, or of a `fallback`."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from .checking import Checker
from .nodes import Node
from .outcome import Action, Outcome
from .problems import choice, shown

__all__ = ["OUTCOME_KEYS", "read_outcome"]

OUTCOME_KEYS: Final = ("action", "reason", "info", "tags")
_REASONS: Final = ("completed", "error")
_TAG: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_MOST: Final = 200
"""Characters of a text that goes to Genesys or into a tag."""


def read_outcome(check: Checker, node: Node, where: str, *, also: tuple[str, ...] = ()) -> Outcome | None:
    """Return an outcome: a table, or only the action as a text; `also` are further texts for it."""
    if isinstance(node.value, str):
        node = Node({"action": Node(node.value, node.line, node.line)}, node.line)
        actions = f"{where}: " if where else ""
    else:
        actions = f"{where}: action" if where else "action"
    table = check.table(node, where, OUTCOME_KEYS, kind="key")
    if table is None:
        return None
    if "action" not in table:
        check.note(node.line, where, f"has no action; {choice('', [*Action, *also])}")
        return None
    action = _one_of(check, table["action"], actions.removesuffix(": "), [*Action, *also])
    reason = _reason(check, table, where, action)
    info = _info(check, table, where, action)
    tags = _tags(check, table["tags"], f"{where}: tags", action) if "tags" in table else {}
    if action is None or reason is None or info is None or tags is None:
        return None
    return Outcome(Action(action), reason, info, MappingProxyType(tags))


def _one_of(check: Checker, node: Node, where: str, allowed: list[str]) -> str | None:
    if isinstance(node.value, str) and node.value in allowed:
        return node.value
    check.note(node.line, where, f"is {shown(node.value)}; {choice(str(node.value), map(str, allowed))}")
    return None


def _reason(check: Checker, table: dict[str, Node], where: str, action: str | None) -> str | None:
    if "reason" not in table:
        return "completed"
    node = table["reason"]
    if action not in (None, Action.REJECT):
        check.note(node.key_line, f"{where}: reason", 'is for action = "reject"; remove it')
        return None
    return _one_of(check, node, f"{where}: reason", list(_REASONS))


def _info(check: Checker, table: dict[str, Node], where: str, action: str | None) -> str | None:
    if "info" not in table:
        return ""
    node = table["info"]
    if action not in (None, Action.REJECT):
        check.note(node.key_line, f"{where}: info", 'is for action = "reject"; remove it')
        return None
    text = check.text(node, f"{where}: info", "a short text")
    if text is not None and len(text) > _MOST:
        check.note(node.line, f"{where}: info", f"has {len(text)} characters; allowed: {_MOST}")
        return None
    return text


def _tags(check: Checker, node: Node, where: str, action: str | None) -> dict[str, str] | None:
    if action == Action.REJECT:
        check.note(
            node.key_line, where, "are for accepted calls: nobody sees them of a rejected one; remove them"
        )
        return None
    if not isinstance(node.value, dict):
        check.note(
            node.line,
            where,
            f'is {shown(node.value)}; allowed: a table of texts, such as {{ tier = "gold" }}',
        )
        return None
    tags: dict[str, str] = {}
    for name, child in node.value.items():
        text = child.written or child.value
        if not _TAG.fullmatch(name):
            allowed = (
                "1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or underscore"
            )
            check.note(child.key_line, where, f'has the name "{name}"; allowed: {allowed}')
        elif not isinstance(text, str) or len(text) > _MOST:
            is_ = f"has {len(text)} characters" if isinstance(text, str) else f"is {shown(text)}"
            check.note(
                child.line, f"{where}.{name}", f"{is_}; allowed: a text in quotes of up to {_MOST} characters"
            )
        else:
            tags[name] = text
    return tags if len(tags) == len(node.value) else None
