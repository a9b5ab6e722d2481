"""Draws the state tables as Mermaid text, for the docs."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from .states import CLIENT_TABLE, SERVER_TABLE

__all__ = ["client_diagram", "server_diagram"]

S = TypeVar("S", bound=StrEnum)


def server_diagram() -> str:
    """Return the server's states as a Mermaid state diagram."""
    return _draw(SERVER_TABLE)


def client_diagram() -> str:
    """Return the client's states as a Mermaid state diagram."""
    return _draw(CLIENT_TABLE)


def _draw(table: Mapping[S, Mapping[str, S]]) -> str:
    first = next(iter(table))
    lines = ["stateDiagram-v2", f"    [*] --> {first}"]
    for state, row in table.items():
        targets: dict[str, list[str]] = {}
        for input_, target in row.items():
            if target != state:
                targets.setdefault(str(target), []).append(_label(input_))
        lines += [f"    {state} --> {target}: {', '.join(labels)}" for target, labels in targets.items()]
    return "\n".join(lines) + "\n"


def _label(input_: str) -> str:
    return input_.replace("< ", "receive ").replace("> ", "send ")
